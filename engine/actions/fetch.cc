#include <optional>
#include <string>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/net/http.h"
#include "engine/actions/stream.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

using net::shown;

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

struct Failure {
  net::Fault fault;
  std::string retry_after;
};

/// One attempt at one mirror: to the file, and through the hash.
std::optional<Failure> attempt(const Context& context, const std::string& url, const Sha256& want) {
  const auto local = [](const Error& error) { return Failure{{error.message, false, true}, ""}; };
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return local(out.error());
  Sha256Hasher hash;
  net::Request request;
  request.url = url;
  request.schemes = "http,https,file";
  request.take = [&](std::string_view block) {
    hash.bytes(block);
    return out->write(block);
  };
  const auto answer = net::exchange(request, [&] { return stopped(context); });
  if (!answer) return Failure{answer.error(), ""};
  if (!answer->is_good()) {
    return Failure{{fmt::format("the server answers {}", answer->status),
                    net::is_transient(answer->status), false},
                   answer->header("retry-after")};
  }
  if (const Status done = out->finish(); !done) return local(done.error());
  const Sha256 got = hash.finish();
  if (got == want) return std::nullopt;
  return Failure{{fmt::format("its SHA-256 is {}, not {}", hex(got), hex(want)), false, false}, ""};
}

/// All attempts at one mirror; the last failure, or none.
std::optional<net::Fault> try_mirror(const Context& context, const std::string& url,
                                     const Sha256& want) {
  for (int attempts = 1;; ++attempts) {
    const std::optional<Failure> failed = attempt(context, url, want);
    if (!failed) return std::nullopt;
    if (stopped(context) || failed->fault.local) return failed->fault;
    context.log(fmt::format("{}: {}", shown(url), failed->fault.message));
    if (!failed->fault.again || attempts == net::kAttempts) return failed->fault;
    net::pause(attempts, failed->retry_after, [&] { return stopped(context); });
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
    const std::optional<net::Fault> failed = try_mirror(context, std::string(url), *want);
    if (!failed) return {};
    if (stopped(context)) return interrupted();
    if (failed->local) return fail(failed->message);
    failures += fmt::format("{}cannot fetch {}: {}", failures.empty() ? "" : "; ", shown(url),
                            failed->message);
  }
  return fail(failures);
}

}  // namespace devgraph::actions
