#include "engine/actions/effects/over_http.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/oci/credentials.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

bool is_header_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 127; });
}

/// The text of a page between its tags, spaces and lines made one space.
std::string without_tags(std::string_view page) {
  std::string made;
  bool in_tag = false;
  for (const char c : page) {
    if (c == '<') in_tag = true;
    const bool is_space = in_tag || c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!is_space) made += c;
    if (is_space && !made.empty() && made.back() != ' ') made += ' ';
    if (c == '>') in_tag = false;
  }
  return std::string(trim(made));
}

/// A server may repeat what it was sent. Before the page is cut or searched for tags, as half a
/// secret is known to nobody.
net::Answer without_secrets(const Context& context, net::Answer answer) {
  if (!answer.is_good() && context.hide) answer.body = context.hide(answer.body);
  return answer;
}

}  // namespace

std::optional<std::string_view> secret_arg(const Context& context, std::string_view name) {
  const std::optional<ValueId> found = find_arg(context, name);
  if (!found) return std::nullopt;
  const Value& value = context.graph.value(*found);
  if (value.tag != ValueTag::Secret) return std::nullopt;
  return context.graph.str(StrId{value.a});
}

std::string name_of(const Login& login) {
  return login.secret.empty() ? "~/.netrc" : fmt::format("the secret {}", printable(login.secret));
}

bool can_log_in(const Context& context, const Login& login) {
  return login.secret.empty() || context.secret != nullptr;
}

Status add_login(const Context& context, const Login& login, net::Request& request) {
  if (login.secret.empty()) {
    request.netrc = true;
    return {};
  }
  if (!can_log_in(context, login)) return {};
  const Result<std::string> value = context.secret(login.secret);
  if (!value) return std::unexpected(value.error());
  const std::string_view word = trim(*value);
  if (word.empty()) return fail(fmt::format("{} is empty", name_of(login)));
  if (login.user.empty() && !is_header_text(word)) {
    return fail(fmt::format("{} has signs that no token has: it must be one line", name_of(login)));
  }
  request.headers.push_back(login.user.empty()
                                ? fmt::format("Authorization: Bearer {}", word)
                                : "Authorization: Basic " +
                                      oci::base64(fmt::format("{}:{}", login.user, word)));
  return {};
}

Result<net::Answer> ask(const Context& context, const net::Request& request) {
  const net::Stopped is_stopped = [&] { return stopped(context); };
  for (int attempts = 1;; ++attempts) {
    const auto answer = net::exchange(request, is_stopped);
    if (stopped(context)) return interrupted();
    const bool again =
        answer ? net::is_transient(answer->status) : answer.error().again && !answer.error().local;
    if (!again || attempts == net::kAttempts) {
      if (answer) return without_secrets(context, *answer);
      if (answer.error().local) return fail(answer.error().message);
      return fail(fmt::format("{}: {}", net::shown(request.url), answer.error().message));
    }
    context.log(
        fmt::format("{} {}: {}; once more", request.method, net::shown(request.url),
                    answer ? fmt::format("answers {}", answer->status) : answer.error().message));
    net::pause(attempts, answer ? answer->header("retry-after") : std::string(), is_stopped);
  }
}

Result<Fetched> fetch_digest(const Context& context, net::Request request, std::uint64_t most) {
  Fetched fetched;
  Sha256Hasher hash;
  std::uint64_t size = 0;
  request.begin = [&](const net::Answer&) -> Status {
    hash = Sha256Hasher();
    size = 0;
    return {};
  };
  request.take = [&](std::string_view block) -> Status {
    size += block.size();
    fetched.is_long = size > most;
    if (fetched.is_long) return fail("it is longer than what is wanted");
    hash.bytes(block);
    return {};
  };
  Result<net::Answer> answer = ask(context, request);
  if (!answer && !fetched.is_long) return std::unexpected(answer.error());
  if (answer) fetched.answer = *std::move(answer);
  fetched.digest = hash.finish();
  return fetched;
}

std::string words_of(const net::Answer& answer) {
  constexpr std::size_t kMost = 300;
  const std::size_t title = answer.body.find("<title>");
  std::string_view page = answer.body;
  if (title != std::string::npos) page = page.substr(title, page.find("</title>", title) - title);
  std::string text = without_tags(page.substr(0, std::size_t{16} << 10));
  if (text.size() > kMost) text = text.substr(0, kMost) + " …";
  return text.empty() ? std::string() : fmt::format(" ({})", printable(text));
}

Result<net::Url> sending_url(std::string_view argument, std::string_view url) {
  Result<net::Url> found = net::parse_url(url);
  if (!found) return fail(fmt::format("`{}`: {}", argument, found.error().message));
  if (!net::is_private(*found)) {
    return fail(
        fmt::format("`{}` is `{}`: http: carries logins in the open, so it is for this "
                    "machine only; write https:",
                    argument, net::shown(url)));
  }
  if (url.find_first_of("?#") != std::string_view::npos) {
    return fail(
        fmt::format("`{}` is `{}`: it must end before `?` and `#`", argument, net::shown(url)));
  }
  if (!found->path.ends_with('/')) found->path += '/';
  return found;
}

Result<PlannedFile> PlannedFile::open(const Context& context, const std::string& path,
                                      const StepFacts& facts) {
  Result<std::unique_ptr<MappedFile>> content = context.files.map(path);
  if (!content) return std::unexpected(content.error());
  if ("sha256:" + hex(sha256_of((*content)->bytes())) != facts.digest) {
    return fail(fmt::format("{} changed since the release was planned", printable(path)));
  }
  return PlannedFile(*std::move(content), path, facts.digest);
}

std::function<Status(std::uint64_t, std::string_view)> PlannedFile::watch(
    std::uint64_t offset) const {
  const auto hash = std::make_shared<Sha256Hasher>();
  return [this, offset, hash](std::uint64_t at, std::string_view block) -> Status {
    if (at == 0) *hash = Sha256Hasher();
    const std::uint64_t end = offset + bytes().size();
    const std::uint64_t from = std::max(at, offset);
    const std::uint64_t until = std::min(at + block.size(), end);
    if (from < until) hash->bytes(block.substr(from - at, until - from));
    // With its last byte, so that the server never has all of another file.
    if (from >= until || until != end || "sha256:" + hex(hash->finish()) == digest_) return {};
    return fail(fmt::format("{} changed while it was sent; nothing was stored", printable(path_)));
  };
}

Result<std::vector<NamedFile>> named_files(const Context& context, std::string_view argument) {
  std::vector<NamedFile> files;
  for (const InputId input : inputs_arg(context, argument)) {
    const std::string path = input_name(context, input);
    const std::string name(base_name(path));
    const auto twin = std::ranges::find(files, name, &NamedFile::name);
    if (twin != files.end()) {
      return fail(fmt::format("`{}` has two files called {}: {} and {}", argument, printable(name),
                              printable(input_name(context, twin->input)), printable(path)));
    }
    files.push_back({input, name});
  }
  return files;
}

Result<StepFacts> file_facts(const Context& context, const NamedFile& file, std::string kind) {
  const Result<FileHash> hash = context.files.hash(context.path_of(file.input), true);
  if (!hash) return std::unexpected(hash.error());
  StepFacts facts;
  facts.kind = std::move(kind);
  facts.digest = "sha256:" + hex(hash->sha.value_or(Sha256{}));
  facts.size = hash->stat.size;
  return facts;
}

Sha256 sha256_in(const StepFacts& facts) {
  constexpr std::string_view kPrefix = "sha256:";
  return parse_sha256(std::string_view(facts.digest).substr(kPrefix.size())).value_or(Sha256{});
}

}  // namespace devgraph::actions
