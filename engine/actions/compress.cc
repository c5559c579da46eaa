#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/actions/gzip.h"
#include "engine/actions/natives.h"
#include "engine/actions/stream.h"
#include "engine/actions/zstd_frame.h"

namespace devgraph::actions {

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
