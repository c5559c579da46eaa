#include "engine/base/python_name.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_separator(char c) {
  return c == '-' || c == '_' || c == '.';
}
std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

/// Takes one piece after the other off the front of a version in lower case.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  void reset(std::string_view rest) { rest_ = rest; }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void take_separator() {
    if (!rest_.empty() && is_separator(rest_.front())) rest_.remove_prefix(1);
  }
  std::optional<std::string> number() {
    std::size_t end = 0;
    while (end < rest_.size() && is_digit(rest_[end]))
      ++end;
    if (end == 0) return std::nullopt;
    std::string_view digits = rest_.substr(0, end);
    rest_.remove_prefix(end);
    while (digits.size() > 1 && digits.front() == '0')
      digits.remove_prefix(1);
    return std::string(digits);
  }
  /// `1.2.3`; a dot without a number behind it stays.
  std::vector<std::string> release() {
    std::vector<std::string> parts;
    while (std::optional<std::string> part = number()) {
      parts.push_back(std::move(*part));
      if (rest_.size() < 2 || rest_[0] != '.' || !is_digit(rest_[1])) break;
      rest_.remove_prefix(1);
    }
    return parts;
  }
  /// `[-_.]?WORD[-_.]?NUMBER?`, the number being 0 where there is none.
  std::optional<std::string> suffix(std::string_view word) {
    const std::string_view before = rest_;
    take_separator();
    if (!take(word)) {
      rest_ = before;
      return std::nullopt;
    }
    take_separator();
    return number().value_or("0");
  }

 private:
  std::string_view rest_;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kPreWords = {{
    {"alpha", "a"},
    {"beta", "b"},
    {"preview", "rc"},
    {"pre", "rc"},
    {"rc", "rc"},
    {"a", "a"},
    {"b", "b"},
    {"c", "rc"},
}};

void take_pre(Scanner& scanner, PythonVersion& version) {
  for (const auto& [word, kind] : kPreWords) {
    if (std::optional<std::string> number = scanner.suffix(word)) {
      version.pre_kind = kind;
      version.pre = std::move(*number);
      return;
    }
  }
}

void take_post(Scanner& scanner, PythonVersion& version) {
  const std::string_view before = scanner.rest();
  if (scanner.take('-')) {
    version.post = scanner.number();
    if (version.post) return;
    scanner.reset(before);
  }
  for (const std::string_view word : {"post", "rev", "r"}) {
    version.post = scanner.suffix(word);
    if (version.post) return;
  }
}

/// `+ubuntu.1`: letters and digits between separators.
bool take_local(Scanner& scanner, PythonVersion& version) {
  if (!scanner.take('+')) return true;
  std::string part;
  for (const char c : scanner.rest()) {
    if (!is_alnum(c) && !is_separator(c)) return false;
    if (!is_separator(c)) {
      part += c;
    } else {
      if (part.empty()) return false;
      version.local.push_back(std::exchange(part, {}));
    }
  }
  if (part.empty()) return false;
  version.local.push_back(std::move(part));
  scanner.reset({});
  for (std::string& one : version.local) {
    if (std::all_of(one.begin(), one.end(), is_digit)) one = Scanner(one).number().value_or(one);
  }
  return true;
}

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

/// A number where a missing one sorts by `missing`: -1 before all numbers, 1 behind them.
struct Rank {
  int missing = 0;
  std::string_view number;
};
std::strong_ordering compare_ranks(const Rank& a, const Rank& b) {
  if (a.missing != b.missing) return a.missing <=> b.missing;
  return compare_numbers(a.number, b.number);
}

std::strong_ordering compare_releases(const PythonVersion& a, const PythonVersion& b) {
  const std::size_t count = std::max(a.release.size(), b.release.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view left = i < a.release.size() ? a.release[i] : std::string_view("0");
    const std::string_view right = i < b.release.size() ? b.release[i] : std::string_view("0");
    const auto order = compare_numbers(left, right);
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

/// `1.0.dev1` comes before `1.0a1`, and that before `1.0`.
Rank pre_rank(const PythonVersion& version) {
  if (!version.pre_kind.empty()) return {0, version.pre};
  return {version.dev && !version.post ? -1 : 1, {}};
}

std::strong_ordering compare_locals(const PythonVersion& a, const PythonVersion& b) {
  const std::size_t count = std::min(a.local.size(), b.local.size());
  for (std::size_t i = 0; i < count; ++i) {
    const bool left =
        is_digit(a.local[i][0]) && std::all_of(a.local[i].begin(), a.local[i].end(), is_digit);
    const bool right =
        is_digit(b.local[i][0]) && std::all_of(b.local[i].begin(), b.local[i].end(), is_digit);
    // Numbers are later than words.
    const auto order = left != right ? left <=> right
                       : left        ? compare_numbers(a.local[i], b.local[i])
                                     : a.local[i] <=> b.local[i];
    if (order != 0) return order;
  }
  return a.local.size() <=> b.local.size();
}

}  // namespace

std::optional<std::string> normal_python_name(std::string_view name) {
  if (name.empty() || !is_alnum(name.front()) || !is_alnum(name.back())) return std::nullopt;
  std::string made;
  for (const char c : lower(name)) {
    if (!is_alnum(c) && !is_separator(c)) return std::nullopt;
    if (!is_separator(c)) {
      made += c;
    } else if (made.back() != '-') {
      made += '-';
    }
  }
  return made;
}

std::optional<PythonVersion> parse_python_version(std::string_view text) {
  const std::string clean = lower(trim(text));
  PythonVersion version;
  Scanner scanner(clean);
  scanner.take('v');
  const std::string_view before = scanner.rest();
  std::optional<std::string> epoch = scanner.number();
  if (epoch && scanner.take('!')) {
    version.epoch = std::move(*epoch);
  } else {
    scanner.reset(before);
  }
  version.release = scanner.release();
  if (version.release.empty()) return std::nullopt;
  take_pre(scanner, version);
  take_post(scanner, version);
  version.dev = scanner.suffix("dev");
  if (!take_local(scanner, version) || !scanner.at_end()) return std::nullopt;
  return version;
}

std::string show(const PythonVersion& version) {
  std::string text = version.epoch == "0" ? "" : version.epoch + "!";
  text += fmt::format("{}{}{}", fmt::join(version.release, "."), version.pre_kind, version.pre);
  if (version.post) text += ".post" + *version.post;
  if (version.dev) text += ".dev" + *version.dev;
  if (!version.local.empty()) text += fmt::format("+{}", fmt::join(version.local, "."));
  return text;
}

std::strong_ordering compare(const PythonVersion& a, const PythonVersion& b) {
  const auto rank = [](const std::optional<std::string>& number, int missing) {
    return number ? Rank{0, *number} : Rank{missing, {}};
  };
  if (const auto order = compare_numbers(a.epoch, b.epoch); order != 0) return order;
  if (const auto order = compare_releases(a, b); order != 0) return order;
  const Rank left = pre_rank(a);
  const Rank right = pre_rank(b);
  if (left.missing != right.missing) return left.missing <=> right.missing;
  if (const auto order = a.pre_kind <=> b.pre_kind; order != 0) return order;
  if (const auto order = compare_ranks(left, right); order != 0) return order;
  if (const auto order = compare_ranks(rank(a.post, -1), rank(b.post, -1)); order != 0)
    return order;
  if (const auto order = compare_ranks(rank(a.dev, 1), rank(b.dev, 1)); order != 0) return order;
  return compare_locals(a, b);
}

std::optional<std::string> python_wheel_tag(std::string_view python, std::string_view platform) {
  if (platform.empty()) return "py3-none-any";
  std::vector<std::string_view> parts = split(platform, '.');
  for (const std::string_view part : parts) {
    const bool is_good = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_';
    });
    if (!is_good) return std::nullopt;
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::string interpreter = "py3-none";
  const std::optional<PythonVersion> version = parse_python_version(python);
  if (platform != "any" && version && version->release.size() >= 2) {
    const std::string series = "cp" + version->release[0] + version->release[1];
    interpreter = series + "-" + series;
  }
  return fmt::format("{}-{}", interpreter, fmt::join(parts, "."));
}

std::string python_file_stem(std::string_view normal_name, std::string_view version) {
  std::string stem(normal_name);
  std::replace(stem.begin(), stem.end(), '-', '_');
  return fmt::format("{}-{}", stem, version);
}

}  // namespace devgraph
