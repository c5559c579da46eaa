#include "engine/actions/gzip.h"

#include <algorithm>
#include <memory>
#include <string>

#include <zlib.h>

namespace devgraph::actions {

namespace {

constexpr std::size_t kStep = std::size_t{1} << 20;

struct DeflateEnd {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

}  // namespace

Status gzip(const Context& context, std::string_view bytes, OutStream& out, int level) {
  z_stream raw{};
  if (deflateInit2(&raw, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail("zlib cannot start");
  }
  const std::unique_ptr<z_stream, DeflateEnd> stream(&raw);
  gz_header header{};
  header.os = 255;
  deflateSetHeader(stream.get(), &header);
  std::string buffer(kStep, '\0');
  do {
    if (stopped(context)) return interrupted();
    const std::size_t step = std::min(bytes.size(), kStep);
    std::string input(bytes.substr(0, step));  // zlib wants bytes that it might change.
    bytes.remove_prefix(step);
    stream->next_in = reinterpret_cast<Bytef*>(input.data());
    stream->avail_in = static_cast<uInt>(step);
    do {
      stream->next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream->avail_out = static_cast<uInt>(buffer.size());
      deflate(stream.get(), bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
      const std::size_t made = buffer.size() - stream->avail_out;
      if (const Status done = out.write({buffer.data(), made}); !done) return done;
    } while (stream->avail_out == 0);
  } while (!bytes.empty());
  return {};
}

}  // namespace devgraph::actions
