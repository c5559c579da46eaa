#include "engine/actions/oci/layer.h"

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

namespace devgraph::oci {

namespace {

using Take = std::function<Status(std::string_view)>;

constexpr std::size_t kStep = std::size_t{256} << 10;

struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

struct ZstdFree {
  void operator()(ZSTD_DCtx* stream) const { ZSTD_freeDCtx(stream); }
};

/// A gzip file may be several members, one after the other.
Status gunzip(std::string_view bytes, const Take& take) {
  z_stream raw{};
  if (inflateInit2(&raw, 15 + 16) != Z_OK) return fail("zlib cannot start");
  const std::unique_ptr<z_stream, InflateEnd> stream(&raw);
  std::string buffer(kStep, '\0');
  bool open = true;  // A member has begun and not ended.
  while (open || !bytes.empty()) {
    if (!open && inflateReset(stream.get()) != Z_OK) return fail("zlib cannot start");
    const std::size_t step = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    // zlib does not change its input, but its type does not say so.
    stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream->avail_in = static_cast<uInt>(step);
    stream->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream->avail_out = static_cast<uInt>(buffer.size());
    const int state = inflate(stream.get(), Z_NO_FLUSH);
    if (state == Z_BUF_ERROR) return fail("its gzip stream is cut off");
    if (state != Z_OK && state != Z_STREAM_END) return fail("its gzip stream is damaged");
    bytes.remove_prefix(step - stream->avail_in);
    const Status done = take({buffer.data(), buffer.size() - stream->avail_out});
    if (!done) return done;
    open = state != Z_STREAM_END;
    // Some writers fill the last block with zeros.
    if (!open) bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
  }
  return {};
}

Status unzstd(std::string_view bytes, const Take& take) {
  const std::unique_ptr<ZSTD_DCtx, ZstdFree> stream(ZSTD_createDCtx());
  if (!stream) return fail("zstd cannot start");
  std::string buffer(kStep, '\0');
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  std::size_t left = 1;
  bool full = false;
  while (input.pos < input.size || full) {
    ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &output, &input);
    if (ZSTD_isError(left)) return fail("its zstd stream is damaged");
    full = output.pos == output.size;
    if (const Status done = take({buffer.data(), output.pos}); !done) return done;
  }
  if (left != 0) return fail("its zstd stream is cut off");
  return {};
}

}  // namespace

std::string_view archive_type(std::string_view bytes) {
  if (bytes.starts_with("\x1f\x8b")) return kGzipType;
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) return kZstdType;
  return kTarType;
}

Status decompress(std::string_view bytes, std::uint64_t limit, const Take& take) {
  std::uint64_t total = 0;
  const Take counted = [&](std::string_view block) -> Status {
    total += block.size();
    if (total > limit) return fail("it grows beyond all measure when it is unpacked");
    return take(block);
  };
  const std::string_view type = archive_type(bytes);
  if (type == kGzipType) return gunzip(bytes, counted);
  if (type == kZstdType) return unzstd(bytes, counted);
  return counted(bytes);
}

Result<LayerFacts> read_layer(Files& files, const std::string& path,
                              const std::function<bool()>& stopped) {
  const Result<std::unique_ptr<MappedFile>> file = files.map(path);
  if (!file) return std::unexpected(file.error());
  const std::string_view bytes = (*file)->bytes();
  LayerFacts facts;
  facts.descriptor = describe(archive_type(bytes), bytes);
  if (facts.descriptor.media_type == kTarType) {
    facts.diff_id = facts.descriptor.digest;
    return facts;
  }
  Sha256Hasher hash;
  const Status done = decompress(bytes, std::numeric_limits<std::uint64_t>::max(),
                                 [&](std::string_view block) -> Status {
                                   if (stopped()) return fail("interrupted");
                                   hash.bytes(block);
                                   return {};
                                 });
  if (!done) return std::unexpected(done.error());
  facts.diff_id = hash.finish();
  return facts;
}

}  // namespace devgraph::oci
