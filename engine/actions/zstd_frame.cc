#include "engine/actions/zstd_frame.h"

#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <zstd.h>

namespace devgraph::actions {

namespace {

constexpr std::size_t kStep = std::size_t{1} << 20;

struct ZstdFree {
  void operator()(ZSTD_CCtx* stream) const { ZSTD_freeCCtx(stream); }
};

}  // namespace

Status zstd(const Context& context, std::string_view bytes, OutStream& out, int level) {
  const std::unique_ptr<ZSTD_CCtx, ZstdFree> stream(ZSTD_createCCtx());
  if (!stream) return fail("zstd cannot start");
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, level);
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

}  // namespace devgraph::actions
