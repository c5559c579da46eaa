#include "lang/docker/ignore.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::lang {
namespace {

// Bytes, for names that are not UTF-8: one code point is a byte, or a first one and its followers.
constexpr std::string_view kOneOf = R"((?:[^/\x80-\xff]|[\x80-\xff][\x80-\xbf]*))";

re2::RE2::Options options() {
  re2::RE2::Options made;
  made.set_encoding(re2::RE2::Options::EncodingLatin1);
  made.set_log_errors(false);
  made.set_dot_nl(true);
  made.set_never_nl(false);
  return made;
}

}  // namespace

std::string docker_expression(std::string_view pattern, bool has_any_depth) {
  std::string made;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' && has_any_depth && pattern.substr(i).starts_with("**")) {
      while (i + 1 < pattern.size() && pattern[i + 1] == '*')
        ++i;
      if (i + 1 < pattern.size() && pattern[i + 1] == '/') ++i;
      made += i + 1 == pattern.size() ? ".*" : "(?:.*/)?";
    } else if (c == '*') {
      made += "[^/]*";
    } else if (c == '?') {
      made += kOneOf;
    } else if (c == '[') {
      const std::size_t close = pattern.find(']', i + 2);
      if (close == std::string_view::npos) return "[";
      made += pattern.substr(i, close - i + 1);
      i = close;
    } else {
      if (c == '\\' && i + 1 < pattern.size()) ++i;
      made += re2::RE2::QuoteMeta(std::string(1, pattern[i]));
    }
  }
  return made;
}

DockerIgnore::DockerIgnore() = default;
DockerIgnore::DockerIgnore(DockerIgnore&&) noexcept = default;
DockerIgnore& DockerIgnore::operator=(DockerIgnore&&) noexcept = default;
DockerIgnore::~DockerIgnore() = default;

Result<DockerIgnore> DockerIgnore::parse(std::string_view text) {
  DockerIgnore made;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    line = trim(line);
    if (line.empty()) continue;
    Pattern one;
    one.takes_back = line.starts_with('!');
    if (one.takes_back) line = trim(line.substr(1));
    while (line.starts_with('/'))
      line.remove_prefix(1);
    // `./x`, `x/` and `x//y` are `x`, `x` and `x/y`; what lies outside matches nothing.
    const std::optional<std::string> clean = canonical(line);
    if (line.empty() && one.takes_back) return fail(fmt::format("line {}: a lone `!`", number));
    if (!clean || clean->empty()) continue;
    one.expression = std::make_unique<re2::RE2>(docker_expression(*clean, true), options());
    if (!one.expression->ok()) {
      return fail(fmt::format("line {}: `{}` is no pattern", number, printable(line)));
    }
    made.patterns_.push_back(std::move(one));
  }
  return made;
}

DockerIgnore::Matches DockerIgnore::matches_of(std::string_view path) {
  const std::string_view folder = parent_path(path);
  // What matched a folder matches what it holds.
  Matches made = folder.empty() ? Matches(patterns_.size(), false) : matches_of_folder(folder);
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!made[i]) made[i] = re2::RE2::FullMatch(path, *patterns_[i].expression);
  }
  return made;
}

const DockerIgnore::Matches& DockerIgnore::matches_of_folder(std::string_view folder) {
  const auto held = folders_.find(folder);
  if (held != folders_.end()) return held->second;
  Matches made = matches_of(folder);
  return folders_.emplace(std::string(folder), std::move(made)).first->second;
}

bool DockerIgnore::excludes(std::string_view path) {
  if (patterns_.empty()) return false;
  const Matches matches = matches_of(path);
  bool excluded = false;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (matches[i]) excluded = !patterns_[i].takes_back;
  }
  return excluded;
}

}  // namespace devgraph::lang
