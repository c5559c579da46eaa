#include "engine/base/path.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/base/digest.h"
#include "engine/base/text.h"

namespace devgraph {
namespace {

constexpr std::size_t kMaxComponent = 200;

bool is_plain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '+' || c == '-';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string percent(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::optional<std::string> canonical(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  std::string out = path.starts_with('/') ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out;
}

std::string join_path(std::string_view head, std::string_view tail) {
  if (head.empty() || tail.starts_with('/')) return std::string(tail);
  if (tail.empty()) return std::string(head);
  std::string out(head);
  if (!out.ends_with('/')) out += '/';
  out += tail;
  return out;
}

std::string_view parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_within(std::string_view path, std::string_view folder) {
  if (folder.empty()) return !path.starts_with('/');
  if (folder == "/") return path.starts_with('/');
  if (!path.starts_with(folder)) return false;
  return path.size() == folder.size() || path[folder.size()] == '/';
}

std::string_view relative_to(std::string_view path, std::string_view folder) {
  if (folder.empty()) return path;
  path.remove_prefix(folder.size());
  if (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

std::string escape_label_value(std::string_view value) {
  if (value.empty()) return "%";
  std::string out;
  for (std::size_t i = 0; i < value.size();) {
    if (is_plain(value[i])) {
      out += value[i++];
      continue;
    }
    const std::size_t length = printable_utf8_length(value.substr(i));
    if (length > 1) {
      out += value.substr(i, length);
      i += length;
    } else {
      out += percent(value.substr(i, 1));
      ++i;
    }
  }
  return out;
}

std::optional<std::string> unescape_label_value(std::string_view text) {
  if (text == "%") return std::string();
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string path_component(std::string_view value) {
  if (value == "." || value == "..") {
    std::string dots;
    for (std::size_t i = 0; i < value.size(); ++i)
      dots += "%2E";
    return dots;
  }
  std::string out = escape_label_value(value);
  if (out.size() <= kMaxComponent) return out;
  // Cut between characters, so that the name stays valid UTF-8.
  std::size_t cut = kMaxComponent;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80)
    --cut;
  return fmt::format("{}~{:016x}", std::string_view(out).substr(0, cut), digest_of(value).high);
}

}  // namespace devgraph
