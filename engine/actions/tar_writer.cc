#include "engine/actions/tar_writer.h"

#include <array>
#include <cassert>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::size_t kBlock = 512;
using Header = std::array<char, kBlock>;

void put(Header& header, std::size_t at, std::string_view text) {
  assert(at + text.size() <= kBlock);
  text.copy(header.data() + at, text.size());
}

/// `width` includes the NUL at the end. False if the number has too many digits.
bool put_octal(Header& header, std::size_t at, std::size_t width, std::uint64_t value) {
  const std::string digits = fmt::format("{:0{}o}", value, width - 1);
  if (digits.size() >= width) return false;
  put(header, at, digits);
  return true;
}

/// Splits at a slash so that the parts fit the fields `prefix` and `name`.
std::optional<std::pair<std::string_view, std::string_view>> split_name(std::string_view path) {
  if (path.size() <= 100) return std::pair{std::string_view(), path};
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos && slash <= 155;
       slash = path.find('/', slash + 1)) {
    const std::string_view name = path.substr(slash + 1);
    if (slash > 0 && !name.empty() && name.size() <= 100)
      return std::pair{path.substr(0, slash), name};
  }
  return std::nullopt;
}

/// `<length> key=value\n`, where the length counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length)
    ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

void put_checksum(Header& header) {
  put(header, 148, "        ");
  unsigned sum = 0;
  for (const char byte : header)
    sum += static_cast<unsigned char>(byte);
  put(header, 148, fmt::format("{:06o}", sum));
  header[154] = '\0';
}

char type_of(TarEntry::Kind kind) {
  switch (kind) {
    case TarEntry::Kind::File:
      return '0';
    case TarEntry::Kind::Folder:
      return '5';
    case TarEntry::Kind::Symlink:
      return '2';
  }
  return '0';
}

/// A header of 512 bytes, and in `pax` the records for what did not fit.
Header header_of(const TarEntry& entry, std::string& pax) {
  Header header{};
  const std::string path = entry.kind == TarEntry::Kind::Folder ? entry.path + "/" : entry.path;
  bool bytes = false;
  const auto record = [&](std::string_view key, std::string_view value) {
    bytes = bytes || !is_valid_utf8(value);
    pax += pax_record(key, value);
  };
  if (const auto parts = split_name(path)) {
    put(header, 0, parts->second);
    put(header, 345, parts->first);
  } else {
    record("path", path);
    put(header, 0, std::string_view(path).substr(0, 100));
  }
  if (entry.target.size() > 100) record("linkpath", entry.target);
  put(header, 157, std::string_view(entry.target).substr(0, 100));
  const auto number = [&](std::size_t at, std::size_t width, std::uint64_t value,
                          std::string_view key) {
    if (put_octal(header, at, width, value)) return;
    record(key, std::to_string(value));
    put_octal(header, at, width, 0);
  };
  put_octal(header, 100, 8, entry.mode & 07777);
  number(108, 8, entry.user, "uid");
  number(116, 8, entry.group, "gid");
  number(124, 12, entry.size, "size");
  number(136, 12, static_cast<std::uint64_t>(entry.mtime), "mtime");
  header[156] = type_of(entry.kind);
  put(header, 257, std::string_view("ustar\00000", 8));
  put_octal(header, 329, 8, 0);
  put_octal(header, 337, 8, 0);
  put_checksum(header);
  // Readers take pax text for UTF-8 unless it is said that it is not.
  if (bytes) pax.insert(0, pax_record("hdrcharset", "BINARY"));
  return header;
}

std::string_view view(const Header& header) {
  return {header.data(), header.size()};
}

std::uint64_t padding_of(std::uint64_t size) {
  return (kBlock - size % kBlock) % kBlock;
}

}  // namespace

Status TarWriter::begin(const TarEntry& entry) {
  assert(left_ == 0 && padding_ == 0);
  std::string pax;
  const Header header = header_of(entry, pax);
  if (!pax.empty()) {
    TarEntry extra;
    extra.path = "PaxHeaders/" + entry.path.substr(0, 80);
    extra.size = pax.size();
    std::string none;
    Header before = header_of(extra, none);
    before[156] = 'x';
    put_checksum(before);
    pax.append(padding_of(pax.size()), '\0');
    if (const Status done = sink_(view(before)); !done) return done;
    if (const Status done = sink_(pax); !done) return done;
  }
  if (entry.kind == TarEntry::Kind::File) {
    left_ = entry.size;
    padding_ = padding_of(entry.size);
  }
  return sink_(view(header));
}

Status TarWriter::data(std::string_view bytes) {
  assert(bytes.size() <= left_);
  left_ -= bytes.size();
  return sink_(bytes);
}

Status TarWriter::end() {
  assert(left_ == 0);
  const std::string zeros(padding_, '\0');
  padding_ = 0;
  return sink_(zeros);
}

Status TarWriter::finish() {
  return sink_(std::string(2 * kBlock, '\0'));
}

}  // namespace devgraph::actions
