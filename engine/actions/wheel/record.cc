#include "engine/actions/wheel/record.h"

#include <fmt/format.h>

namespace devgraph::wheel {

namespace {

std::string csv(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"') made += '"';
    made += c;
  }
  return made + "\"";
}

}  // namespace

std::string base64_url(const Sha256& digest) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string made;
  unsigned bits = 0;
  int count = 0;
  for (const std::uint8_t byte : digest.bytes) {
    bits = (bits << 8U) | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      made += kDigits[(bits >> static_cast<unsigned>(count)) & 63U];
    }
  }
  if (count > 0) made += kDigits[(bits << static_cast<unsigned>(6 - count)) & 63U];
  return made;
}

std::string record_line(std::string_view path, std::string_view bytes) {
  return fmt::format("{},sha256={},{}\n", csv(path), base64_url(sha256_of(bytes)), bytes.size());
}

std::string record_own_line(std::string_view path) {
  return csv(path) + ",,\n";
}

}  // namespace devgraph::wheel
