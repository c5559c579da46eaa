#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/net/http.h"
#include "engine/actions/net/partial.h"
#include "engine/actions/net/s3.h"
#include "engine/actions/outside_now.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

using net::shown;
using Clock = std::chrono::steady_clock;

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What a later `If-Range` may hold (RFC 9110, 13.1.5): a weak tag says too little.
std::string validator_of(const net::Answer& head) {
  std::string tag = head.header("etag");
  if (!tag.empty() && !tag.starts_with("W/")) return tag;
  return head.header("last-modified");
}

/// Whether an answer goes on from this offset: `Content-Range: bytes 1000-1999/2000`.
bool goes_on_at(const net::Answer& head, std::uint64_t offset) {
  return head.status == net::kPartialContent &&
         head.header("content-range").starts_with(fmt::format("bytes {}-", offset));
}

struct Failure {
  net::Fault fault;
  std::string retry_after;
};

/// One node's download, over all its attempts.
class Download {
 public:
  /// Without `want` whatever comes is right.
  Download(const Context& context, net::Partial& partial, std::optional<Sha256> want)
      : context_(context), partial_(partial), want_(want) {}

  /// All attempts at one mirror; the last failure, or none.
  std::optional<net::Fault> try_mirror(const std::string& url);
  /// Of what came.
  const Sha256& digest() const { return got_; }
  /// Whether a mirror had a whole file that is not the wanted one.
  bool found_another() const { return found_another_; }

 private:
  std::optional<Failure> attempt(const std::string& url);
  std::optional<Failure> held_against_hash(bool resumed);
  Status begin(const std::string& url, const net::Answer& head);
  Status take(std::string_view block);
  void say_progress();

  const Context& context_;
  net::Partial& partial_;
  const std::optional<Sha256> want_;
  Sha256 got_;
  bool found_another_ = false;
  bool resumed_ = false;
  std::optional<std::uint64_t> total_;
  Clock::time_point next_word_;
  Clock::duration between_words_{};
};

Failure local(const Error& error) {
  return Failure{{error.message, false, true}, ""};
}

Status Download::begin(const std::string& url, const net::Answer& head) {
  const std::optional<std::uint64_t> length = number(head.header("content-length"));
  resumed_ = goes_on_at(head, partial_.size());
  total_ = std::nullopt;
  if (resumed_) {
    if (length) total_ = *length + partial_.size();
    context_.log(fmt::format("{}: goes on at {}", shown(url), human_size(partial_.size())));
    return {};
  }
  total_ = length;
  return partial_.restart(url, validator_of(head));
}

Status Download::take(std::string_view block) {
  const Status done = partial_.write(block);
  if (Clock::now() >= next_word_) say_progress();
  return done;
}

/// A line after one second, then after twice as long each time: a long download fills no log.
void Download::say_progress() {
  const std::string size = human_size(partial_.size());
  context_.log(total_ ? fmt::format("{} of {}", size, human_size(*total_)) : size);
  between_words_ *= 2;
  next_word_ = Clock::now() + between_words_;
}

std::optional<Failure> Download::held_against_hash(bool resumed) {
  got_ = partial_.finish();
  // Without a hash nobody could say whether the parts are of one file, unless the server did.
  const bool is_right = want_ ? got_ == *want_ : !resumed || !partial_.validator().empty();
  if (is_right) return std::nullopt;
  if (const Status done = partial_.drop(); !done) return local(done.error());
  // The file behind the URL may be another one by now; as a whole it may be right.
  if (resumed) return Failure{{"what was fetched in parts does not fit together", true, false}, ""};
  found_another_ = true;
  const std::string wanted = want_ ? hex(*want_) : std::string();
  return Failure{{fmt::format("its SHA-256 is {}, not {}", hex(got_), wanted), false, false}, ""};
}

/// One attempt: on behind what there is already, where the server can do that.
std::optional<Failure> Download::attempt(const std::string& url) {
  net::Request request;
  request.url = url;
  request.schemes = "http,https,file";
  if (net::is_s3(url)) {
    Result<net::Request> made = net::s3_request(url);
    if (!made) return Failure{{made.error().message, false, false}, ""};
    request = std::move(*made);
  }
  if (partial_.is_from(url) && partial_.size() > 0 && !url.starts_with("file:")) {
    request.headers.push_back(fmt::format("Range: bytes={}-", partial_.size()));
    if (!partial_.validator().empty())
      request.headers.push_back("If-Range: " + partial_.validator());
  }
  request.begin = [&](const net::Answer& head) { return begin(url, head); };
  request.take = [&](std::string_view block) { return take(block); };
  between_words_ = std::chrono::seconds(1);
  next_word_ = Clock::now() + between_words_;
  const auto answer = net::exchange(request, [&] { return stopped(context_); });
  if (!answer) {
    // What came so far is there for the next attempt, or the next build.
    if (const Status kept = partial_.flush(); !kept) return local(kept.error());
    return Failure{answer.error(), ""};
  }
  if (answer->is_good()) return held_against_hash(resumed_);
  const bool too_long = answer->status == net::kRangeNotSatisfiable && partial_.size() > 0;
  if (too_long) {
    // There is nothing behind what is there: so that is the file, or it is of no use.
    got_ = partial_.finish();
    if (want_ && got_ == *want_) return std::nullopt;
    if (const Status done = partial_.drop(); !done) return local(done.error());
  }
  return Failure{{fmt::format("the server answers {}{}", answer->status,
                              net::is_s3(url) ? net::s3_refusal(*answer) : std::string()),
                  too_long || net::is_transient(answer->status), false, answer->status},
                 answer->header("retry-after")};
}

std::optional<net::Fault> Download::try_mirror(const std::string& url) {
  // A server that breaks off now and then is waited for as long as it gets on.
  constexpr std::uint64_t kGetsOn = std::uint64_t{1} << 20;
  for (int attempts = 1;; ++attempts) {
    const std::uint64_t before = partial_.is_from(url) ? partial_.size() : 0;
    const std::optional<Failure> failed = attempt(url);
    if (!failed) return std::nullopt;
    if (stopped(context_) || failed->fault.local) return failed->fault;
    context_.log(fmt::format("{}: {}", shown(url), failed->fault.message));
    if (partial_.size() >= before + kGetsOn) attempts = 1;
    if (!failed->fault.again || attempts == net::kAttempts) return failed->fault;
    net::pause(attempts, failed->retry_after, [&] { return stopped(context_); });
  }
}

/// The mirrors in order, until one has given the file.
Status try_all(const Context& context, Download& download,
               const std::vector<std::string_view>& urls) {
  std::string failures;
  int code = 0;
  for (const std::string_view url : urls) {
    const std::optional<net::Fault> failed = download.try_mirror(std::string(url));
    if (!failed) return {};
    if (stopped(context)) return interrupted();
    if (failed->local) return fail(failed->message);
    failures += fmt::format("{}cannot fetch {}: {}", failures.empty() ? "" : "; ", shown(url),
                            failed->message);
    code = std::max(code, net::code_of(failed->status));
  }
  return fail(failures, code);
}

/// What came when its hash was asked for need not come again. False: it is not there.
bool take_fetched(const Context& context, const Sha256& want) {
  const std::string path = join_path(context.workspace, fetched_path(want));
  const Result<FileStat> there = context.files.lstat(path);
  if (!there || there->kind != FileKind::Regular) return false;
  const Result<FileHash> hash = context.files.hash(path, true);
  return hash && hash->sha == want && context.files.rename(path, context.out_path(0)).has_value();
}

}  // namespace

std::string fetched_path(const Sha256& digest) {
  return ".devgraph/fetched/" + hex(digest);
}

Result<Sha256> fetch_now(const Context& context, const std::string& path) {
  const std::vector<std::string_view> urls = strings_arg(context, "url");
  if (urls.empty()) return fail("`url` is empty: there is nothing to fetch from");
  Result<net::Partial> partial = net::Partial::open(context.files, path + ".part", Sha256(),
                                                    label_of(context.graph, context.node));
  if (!partial) return std::unexpected(partial.error());
  Download download(context, *partial, std::nullopt);
  if (const Status done = try_all(context, download, urls); !done) {
    return std::unexpected(done.error());
  }
  if (const Status done = partial->move_to(path); !done) return std::unexpected(done.error());
  return download.digest();
}

/// fetch(url, sha256): the mirrors in order; each is tried again when that can help.
Status run_fetch(const Context& context) {
  const std::vector<std::string_view> urls = strings_arg(context, "url");
  if (urls.empty()) return fail("`url` is empty: there is nothing to fetch from");
  const std::optional<std::string_view> digest = optional_string(context, "sha256");
  if (!digest) return fail(fmt::format("{} is not in the lock file", shown(urls[0])));
  const std::optional<Sha256> want = parse_sha256(lower_case(*digest));
  if (!want) return fail(fmt::format("`{}` is no SHA-256: 64 hex digits", printable(*digest)));
  if (take_fetched(context, *want)) return {};

  const std::string label = label_of(context.graph, context.node);
  const std::string path = join_path(context.workspace, ".devgraph/fetch/" + hex(digest_of(label)));
  Result<net::Partial> partial = net::Partial::open(context.files, path, *want, label);
  if (!partial) return std::unexpected(partial.error());
  Download download(context, *partial, want);
  if (const Status done = try_all(context, download, urls); !done) {
    const Graph& graph = context.graph;
    if (!download.found_another() || asks_of(graph, context.node).empty()) return done;
    return fail(fmt::format("{}; `devgraph update {}` moves devgraph.lock to what is there now",
                            done.error().message,
                            shell_word(label_of(graph, graph.node(context.node).counts_with))),
                done.error().code);
  }
  return partial->move_to(context.out_path(0));
}

}  // namespace devgraph::actions
