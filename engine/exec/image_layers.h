#pragma once
/// Layers of images as folders that overlayfs can stack (image-spec, layer.md; the kernel's
/// Documentation/filesystems/overlayfs.rst).

#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"
#include "engine/base/files.h"
#include "engine/exec/within.h"

namespace devgraph::exec {

/// Where the layers of an image are and will be, the lowest first. Nothing is unpacked.
Result<std::vector<LayerPlace>> layers_of(const oci::Layout& layout, const oci::FoundImage& image);

/// Unpacks those that are not below `store` yet. Several processes may ask for one at once.
Status unpack_layers(Files& files, const std::vector<LayerPlace>& layers, const std::string& store);

}  // namespace devgraph::exec
