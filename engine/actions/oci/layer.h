#pragma once
/// The archive of one layer (image-spec, layer.md): plain, gzip or zstd, told by its first bytes.

#include <functional>
#include <string>
#include <string_view>

#include "engine/actions/oci/spec.h"
#include "engine/base/files.h"

namespace devgraph::oci {

struct LayerFacts {
  Descriptor descriptor;  ///< Of the bytes as they are stored.
  Sha256 diff_id;         ///< Of the uncompressed archive.
};

/// Reads the file once. `stopped` is asked now and then.
Result<LayerFacts> read_layer(Files& files, const std::string& path,
                              const std::function<bool()>& stopped);

/// The media type that these first bytes stand for.
std::string_view archive_type(std::string_view bytes);

/// Hands the uncompressed bytes to `take`, block by block. Error for a damaged stream, and for one
/// that grows beyond `limit` bytes.
Status decompress(std::string_view bytes, std::uint64_t limit,
                  const std::function<Status(std::string_view)>& take);

}  // namespace devgraph::oci
