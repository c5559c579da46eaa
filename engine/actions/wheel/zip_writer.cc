#include "engine/actions/wheel/zip_writer.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>

#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

// The start of 1980 is where zip begins to count: day 1 of month 1, no time.
static_assert(kSourceDate == 315532800);
constexpr std::uint16_t kDosDate = (1U << 5U) | 1U;
constexpr std::uint16_t kDosTime = 0;
constexpr std::uint16_t kVersionNeeded = 20;
constexpr std::uint16_t kMadeByUnix = (3U << 8U) | 20U;
constexpr std::uint16_t kNamesAreUtf8 = 1U << 11U;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint64_t kLargest = 0xFFFFFFFEU;
constexpr std::uint64_t kMostEntries = 0xFFFEU;
constexpr int kLevel = 9;

/// Little endian.
void put_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

struct DeflateEnd {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

/// Raw deflate; empty where it would be longer than what it stands for.
Result<std::string> deflated(std::string_view bytes) {
  z_stream raw{};
  if (deflateInit2(&raw, kLevel, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    return fail("zlib cannot start");
  const std::unique_ptr<z_stream, DeflateEnd> stream(&raw);
  std::string made(bytes.size(), '\0');
  // zlib only reads what next_in points to, though its type does not say so.
  stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream->avail_in = static_cast<uInt>(bytes.size());
  stream->next_out = reinterpret_cast<Bytef*>(made.data());
  stream->avail_out = static_cast<uInt>(made.size());
  const bool fits = deflate(stream.get(), Z_FINISH) == Z_STREAM_END && stream->avail_out > 0;
  made.resize(fits ? made.size() - stream->avail_out : 0);
  return made;
}

std::uint32_t checksum(std::string_view bytes) {
  const auto* const data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), data, bytes.size()));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Status ZipWriter::put(std::string_view bytes) {
  offset_ += bytes.size();
  return sink_(bytes);
}

Status ZipWriter::add(std::string_view path, std::string_view bytes, bool executable) {
  if (!is_valid_utf8(path))
    return fail(
        fmt::format("the name `{}` is not UTF-8, as names in a wheel are", printable(path)));
  if (bytes.size() > kLargest || offset_ > kLargest || count_ >= kMostEntries ||
      path.size() > 0xFFFF)
    return fail(
        fmt::format("the archive would pass 4 GiB or 65534 files at `{}`", printable(path)));
  Result<std::string> packed = deflated(bytes);
  if (!packed) return std::unexpected(packed.error());
  const bool is_packed = !packed->empty();
  const std::string_view data = is_packed ? std::string_view(*packed) : bytes;

  // What the local header and the directory share.
  std::string common;
  put_number(common, kVersionNeeded, 2);
  put_number(common, is_ascii(path) ? 0 : kNamesAreUtf8, 2);
  put_number(common, is_packed ? kDeflated : kStored, 2);
  put_number(common, kDosTime, 2);
  put_number(common, kDosDate, 2);
  put_number(common, checksum(bytes), 4);
  put_number(common, data.size(), 4);
  put_number(common, bytes.size(), 4);
  put_number(common, path.size(), 2);
  put_number(common, 0, 2);  // No extra field.

  constexpr std::uint64_t kRegularFile = 0100000;
  directory_ += "PK\x01\x02";
  put_number(directory_, kMadeByUnix, 2);
  directory_ += common;
  put_number(directory_, 0, 2);  // No comment.
  put_number(directory_, 0, 2);  // The first disk.
  put_number(directory_, 0, 2);  // Internal attributes.
  put_number(directory_, (kRegularFile | (executable ? 0755U : 0644U)) << 16U, 4);
  put_number(directory_, offset_, 4);
  directory_ += path;
  ++count_;

  if (const Status done = put("PK\x03\x04" + common); !done) return done;
  if (const Status done = put(path); !done) return done;
  return put(data);
}

Status ZipWriter::finish() {
  if (offset_ > kLargest || directory_.size() > kLargest)
    return fail("the archive would pass 4 GiB");
  std::string end = "PK\x05\x06";
  put_number(end, 0, 2);
  put_number(end, 0, 2);
  put_number(end, count_, 2);
  put_number(end, count_, 2);
  put_number(end, directory_.size(), 4);
  put_number(end, offset_, 4);
  put_number(end, 0, 2);
  if (const Status done = put(directory_); !done) return done;
  return put(end);
}

}  // namespace devgraph::wheel
