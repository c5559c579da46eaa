#pragma once
/// Layers of images as folders that overlayfs can stack (image-spec, layer.md; the kernel's
/// Documentation/filesystems/overlayfs.rst).

#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"
#include "engine/base/files.h"

namespace devgraph::exec {

/// The folders of an image's layers below `store`, the lowest first; those that are not there are
/// unpacked now. Several processes may ask for one at once.
Result<std::vector<std::string>> unpacked_layers(Files& files, const oci::Layout& layout,
                                                 const oci::FoundImage& image,
                                                 const std::string& store);

}  // namespace devgraph::exec
