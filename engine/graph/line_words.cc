#include "engine/graph/line_words.h"

#include <charconv>

#include <fmt/format.h>

namespace devgraph {

std::string line_word(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && c != '\\' && c != '\x7f') {
      made += c;
    } else {
      made += fmt::format("\\x{:02x}", byte);
    }
  }
  return made;
}

std::optional<std::string> unline_word(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      made += text[i];
      continue;
    }
    constexpr std::size_t kEscape = 4;
    unsigned byte = 0;
    if (text.size() - i < kEscape || text[i + 1] != 'x') return std::nullopt;
    const char* begin = text.data() + i + 2;
    const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
    made += static_cast<char>(byte);
    i += kEscape - 1;
  }
  return made;
}

}  // namespace devgraph
