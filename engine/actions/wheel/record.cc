#include "engine/actions/wheel/record.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

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

/// Takes the first cell off a line of CSV.
std::string take_cell(std::string_view& line) {
  std::string cell;
  if (!line.starts_with('"')) {
    const std::size_t end = std::min(line.find(','), line.size());
    cell = line.substr(0, end);
    line.remove_prefix(std::min(line.size(), end + 1));
    return cell;
  }
  line.remove_prefix(1);
  while (!line.empty()) {
    const char c = line[0];
    line.remove_prefix(1);
    if (c == '"' && !line.starts_with('"')) break;
    if (c == '"') line.remove_prefix(1);
    cell += c;
  }
  if (line.starts_with(',')) line.remove_prefix(1);
  return cell;
}

}  // namespace

std::map<std::string, std::string> recorded_hashes(std::string_view record) {
  std::map<std::string, std::string> found;
  for (std::string_view line : split(record, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    std::string path = take_cell(line);
    found[std::move(path)] = take_cell(line);
  }
  return found;
}

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
