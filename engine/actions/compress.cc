#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/actions/gzip.h"
#include "engine/actions/natives.h"
#include "engine/actions/stream.h"

namespace devgraph::actions {

namespace {

constexpr int kZstdLevel = 12;  // Above it, time doubles for each percent of size.
constexpr std::size_t kStep = std::size_t{1} << 20;

struct ZstdFree {
  void operator()(ZSTD_CCtx* stream) const { ZSTD_freeCCtx(stream); }
};

/// One frame with size and checksum, made by one thread.
Status zstd(const Context& context, std::string_view bytes, OutStream& out) {
  const std::unique_ptr<ZSTD_CCtx, ZstdFree> stream(ZSTD_createCCtx());
  if (!stream) return fail("zstd cannot start");
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setPledgedSrcSize(stream.get(), bytes.size());
  std::string buffer(ZSTD_CStreamOutSize(), '\0');
  std::size_t left = 1;
  ZSTD_inBuffer input{};
  input.src = bytes.data();
  while (left != 0) {
    if (stopped(context)) return interrupted();
    input.size = std::min(bytes.size(), input.pos + kStep);
    const bool last = input.size == bytes.size();
    ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
    left = ZSTD_compressStream2(stream.get(), &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) return fail(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    if (!last) left = 1;
    if (const Status done = out.write({buffer.data(), output.pos}); !done) return done;
  }
  return {};
}

}  // namespace

unsigned compressor_version() {
  unsigned version = ZSTD_versionNumber();
  for (const char* c = zlibVersion(); *c != '\0'; ++c) {
    version = version * 31 + static_cast<unsigned char>(*c);
  }
  return version;
}

/// compress(file, with)
Status run_compress(const Context& context) {
  const std::vector<InputId> files = inputs_arg(context, "file");
  if (files.size() != 1) return fail("`file` is missing: it is left out by `allow_failed`");
  const Result<std::unique_ptr<MappedFile>> file = context.files.map(context.path_of(files[0]));
  if (!file) return std::unexpected(file.error());
  Result<OutStream> out = OutStream::create(context.files, context.out_path(0));
  if (!out) return std::unexpected(out.error());
  const bool as_gzip = string_arg(context, "with") == "gzip";
  const Status done =
      as_gzip ? gzip(context, (*file)->bytes(), *out) : zstd(context, (*file)->bytes(), *out);
  if (!done) return done;
  return out->finish();
}

}  // namespace devgraph::actions
