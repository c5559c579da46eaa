#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/stream.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr int kAttempts = 3;
constexpr std::chrono::milliseconds kFirstPause{500};  // Doubled for each further attempt.

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

/// A URL without the user's name and password.
std::string shown(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return printable(url);
  const std::size_t host = scheme + 3;
  const std::size_t at = url.substr(0, url.find_first_of("/?#", host)).rfind('@');
  if (at == std::string_view::npos || at < host) return printable(url);
  return printable(std::string(url.substr(0, host)) + std::string(url.substr(at + 1)));
}

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

struct Failure {
  std::string message;
  bool again = false;  ///< Another attempt could do better.
  bool local = false;  ///< Our disk; no mirror helps.
};

/// One download: to the file, and through the hash.
class Download {
 public:
  Download(const Context& context, OutStream& out) : context_(context), out_(out) {}

  std::optional<Failure> run(const std::string& url);
  Sha256 digest() { return hash_.finish(); }

 private:
  static std::size_t on_data(char* bytes, std::size_t one, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static void set_up(CURL* curl, const std::string& url, Download* self, char* error);
  std::optional<Failure> failure(CURL* curl, CURLcode code, const char* error) const;

  const Context& context_;
  OutStream& out_;
  Sha256Hasher hash_;
  Status written_;
};

std::size_t Download::on_data(char* bytes, std::size_t one, std::size_t count, void* self) {
  auto* download = static_cast<Download*>(self);
  const std::string_view block(bytes, one * count);
  download->hash_.bytes(block);
  download->written_ = download->out_.write(block);
  return download->written_ ? block.size() : 0;
}

int Download::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return stopped(static_cast<Download*>(self)->context_) ? 1 : 0;
}

void Download::set_up(CURL* curl, const std::string& url, Download* self, char* error) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
  // A minute without a byte is a dead connection; a slow one may take its time.
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "devgraph");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Download::on_data);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, self);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Download::on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, self);
}

std::optional<Failure> Download::failure(CURL* curl, CURLcode code, const char* error) const {
  if (code == CURLE_OK) return std::nullopt;
  if (!written_) return Failure{written_.error().message, false, true};
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    const bool again = status == 408 || status == 429 || status >= 500;
    return Failure{fmt::format("the server answers {}", status), again, false};
  }
  const bool again = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
                     code == CURLE_OPERATION_TIMEDOUT || code == CURLE_PARTIAL_FILE ||
                     code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                     code == CURLE_GOT_NOTHING || code == CURLE_SSL_CONNECT_ERROR ||
                     code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
  return Failure{printable(error[0] != '\0' ? error : curl_easy_strerror(code)), again, false};
}

std::optional<Failure> Download::run(const std::string& url) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, CurlFree> curl(curl_easy_init());
  if (!curl) return Failure{"libcurl cannot start", false, true};
  char error[CURL_ERROR_SIZE] = "";
  set_up(curl.get(), url, this, error);
  const CURLcode code = curl_easy_perform(curl.get());
  if (stopped(context_)) return Failure{"interrupted", false, true};
  if (std::optional<Failure> failed = failure(curl.get(), code, error)) return failed;
  if (const Status done = out_.finish(); !done) return Failure{done.error().message, false, true};
  return std::nullopt;
}

/// One attempt at one mirror.
std::optional<Failure> attempt(const Context& context, const std::string& url, const Sha256& want) {
  const std::string path = context.out_path(0);
  Result<OutStream> out = OutStream::create(context.files, path);
  if (!out) return Failure{out.error().message, false, true};
  Download download(context, *out);
  if (std::optional<Failure> failed = download.run(url)) return failed;
  const Sha256 got = download.digest();
  if (got == want) return std::nullopt;
  return Failure{fmt::format("its SHA-256 is {}, not {}", hex(got), hex(want)), false, false};
}

void pause(const Context& context, int attempts) {
  const auto end = std::chrono::steady_clock::now() + kFirstPause * (1 << (attempts - 1));
  while (!stopped(context) && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

/// fetch(url, sha256): the mirrors in order; each is tried again when that can help.
Status run_fetch(const Context& context) {
  const std::vector<std::string_view> urls = strings_arg(context, "url");
  if (urls.empty()) return fail("`url` is empty: there is nothing to fetch from");
  const std::optional<std::string_view> digest = optional_string(context, "sha256");
  if (!digest) {
    return fail(
        fmt::format("this program has no lock file yet that could hold the hash of {0}; "
                    "give it as `sha256 = \"…\"`, as `curl -fsSL '{0}' | sha256sum` prints it",
                    shown(urls[0])));
  }
  const std::optional<Sha256> want = parse_sha256(lower_case(*digest));
  if (!want) return fail(fmt::format("`{}` is no SHA-256: 64 hex digits", printable(*digest)));

  std::string failures;
  for (const std::string_view url : urls) {
    for (int attempts = 1;; ++attempts) {
      const std::optional<Failure> failed = attempt(context, std::string(url), *want);
      if (!failed) return {};
      if (stopped(context)) return interrupted();
      if (failed->local) return fail(failed->message);
      context.log(fmt::format("{}: {}", shown(url), failed->message));
      if (failed->again && attempts < kAttempts) {
        pause(context, attempts);
        continue;
      }
      failures += fmt::format("{}cannot fetch {}: {}", failures.empty() ? "" : "; ", shown(url),
                              failed->message);
      break;
    }
  }
  return fail(failures);
}

}  // namespace devgraph::actions
