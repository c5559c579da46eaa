#pragma once
/// What is in an image when all layers lie on each other, and how two images differ.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"
#include "engine/actions/tar_reader.h"

namespace devgraph::oci {

/// By path. Whiteouts are applied (image-spec, layer.md).
using FileSystem = std::map<std::string, actions::TarItem>;
/// `keeps`: of which files the content is wanted.
Result<FileSystem> file_system(Files& files, const Layout& layout, const FoundImage& image,
                               const std::function<bool(const actions::TarItem&)>& keeps = nullptr);

struct Difference {
  enum class Kind : std::uint8_t { Added, Removed, Changed };
  Kind kind = Kind::Changed;
  std::string what;   ///< A path with a slash at its start, or `config.Env`.
  std::string words;  ///< `mode 644 -> 755`; of files that are new: `12 B`.
};

/// Paths first, then what the configurations say; each sorted.
Result<std::vector<Difference>> differences(const FileSystem& before, const FileSystem& after,
                                            const std::string& config_before,
                                            const std::string& config_after);

}  // namespace devgraph::oci
