#pragma once
/// One HTTP exchange (RFC 9110) by libcurl, which is loaded when it is first needed.

#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace devgraph::net {

using Stopped = std::function<bool()>;

struct Answer;

/// Who signs a request by AWS Signature Version 4.
struct AwsSigner {
  std::string region;
  std::string service;
  std::string key_id;
  std::string secret;
};

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  ///< `Name: value`.
  /// Sent as it is; owned by the caller.
  std::optional<std::string_view> body = std::nullopt;
  /// What follows `body`, so that a form need not be copied around a large file.
  std::vector<std::string_view> more = {};
  /// Told each block before it is sent, and where it begins; again from 0 if all is sent again. An
  /// error ends the exchange before the body is whole.
  std::function<Status(std::uint64_t, std::string_view)> sends = nullptr;
  /// Told once of a 2xx answer, by its status and headers, before any of its body is taken.
  std::function<Status(const Answer&)> begin = nullptr;
  /// Gets the body of a 2xx answer; without it, it is in `Answer::body`.
  std::function<Status(std::string_view)> take = nullptr;
  /// Schemes that are allowed, for curl: `http,https`.
  std::string schemes = "http,https";
  bool follow = true;        ///< Redirects.
  bool is_safe = false;      ///< Redirects lead from https to https only.
  bool netrc = false;        ///< A login may come from ~/.netrc.
  bool is_question = false;  ///< Changes nothing at the server, whatever its method.
  std::optional<AwsSigner> signer = std::nullopt;
};

struct Answer {
  long status = 0;  ///< 0 for `file:`.
  /// Of the last answer, names in lower case; of equal names the last one.
  std::map<std::string, std::string> headers;
  /// At most `kLargestAnswer` bytes of it; empty if `take` got it.
  std::string body;
  std::string url;  ///< Of the last answer: where redirects led.

  bool is_good() const { return status == 0 || (status >= 200 && status < 300); }
  std::string header(const std::string& name) const;
};
inline constexpr std::size_t kLargestAnswer = std::size_t{8} << 20;

/// Statuses with a meaning of their own (RFC 9110, 15).
inline constexpr long kCreated = 201;
inline constexpr long kAccepted = 202;
inline constexpr long kPartialContent = 206;
inline constexpr long kMovedPermanently = 301;
inline constexpr long kBadRequest = 400;
inline constexpr long kUnauthorized = 401;
inline constexpr long kForbidden = 403;
inline constexpr long kNotFound = 404;
inline constexpr long kNotAllowed = 405;
inline constexpr long kConflict = 409;
inline constexpr long kGone = 410;
inline constexpr long kPreconditionFailed = 412;
inline constexpr long kRangeNotSatisfiable = 416;
inline constexpr long kUnprocessable = 422;
inline constexpr long kNotImplemented = 501;

/// Whether an answer refuses a login, or what may be done with it. The same question again could
/// lock the account.
bool refuses_login(long status);
/// `Error::code` of what failed by such an answer; no file system gives it.
inline constexpr int kRefusedLogin = EKEYREJECTED;
/// The code for an answer that fails: kRefusedLogin, or 0.
int code_of(long status);

/// Why there is no answer.
struct Fault {
  std::string message;
  bool again = false;  ///< Another attempt could do better.
  bool local = false;  ///< Our disk, or stopped; no other server helps.
  long status = 0;     ///< Of an answer that was none of use.
};

/// An answer of any status, or why there is none. `stopped` is asked several times a second.
std::expected<Answer, Fault> exchange(const Request& request, const Stopped& stopped);

/// From now on this process sends nothing that could change a server: requests other than GET,
/// HEAD, OPTIONS and PROPFIND fail. For dry runs.
void refuse_writes();

/// Whether the same request may succeed later: 408, 429 and 5xx.
bool is_transient(long status);
/// Waits before attempt number `attempts` + 1: half a second, then twice as long each time.
/// `retry_after`: what the server asked for, in seconds; up to a minute is granted.
void pause(int attempts, std::string_view retry_after, const Stopped& stopped);
/// Attempts at one server, the first included.
inline constexpr int kAttempts = 3;

/// A URL for messages: without the user's name and password.
std::string shown(std::string_view url);
/// Bytes other than unreserved ones as `%XX` (RFC 3986, 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace devgraph::net
