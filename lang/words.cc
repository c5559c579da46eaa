#include "lang/words.h"

#include <algorithm>
#include <array>

namespace devgraph::lang {

namespace {

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_digit(c) || (is_word_start(c) && c != '_');
}

}  // namespace

std::size_t word_length(std::string_view text) {
  if (text.empty() || !is_word_start(text[0])) return 0;
  std::size_t i = 1;
  while (i < text.size()) {
    if (is_word_start(text[i]) || is_digit(text[i])) {
      ++i;
    } else if (text[i] == '-' && i + 1 < text.size() && is_alnum(text[i + 1])) {
      i += 2;
    } else {
      break;
    }
  }
  return i;
}

std::span<const std::string_view> units() {
  static constexpr std::array<std::string_view, 14> kAll{
      "ms", "s", "m", "h", "d", "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"};
  return kAll;
}

bool is_unit(std::string_view word) {
  return std::ranges::find(units(), word) != units().end();
}

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 23> kWords{
      "and", "assert", "axis", "effect", "else", "extern", "false", "fn",
      "for", "if",     "in",   "late",   "let",  "match",  "none",  "not",
      "or",  "param",  "rule", "then",   "true", "use",    "where"};
  if (word.size() < 2 || word.size() > 6) return false;
  return std::ranges::find(kWords, word) != kWords.end();
}

std::size_t line_length(std::string_view text) {
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return text.size();
  return newline > 0 && text[newline - 1] == '\r' ? newline - 1 : newline;
}

}  // namespace devgraph::lang
