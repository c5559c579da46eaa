#pragma once
/// Images as one tar file: an OCI layout that is a docker-archive too, so that every tool reads it
/// (docker load, old and new; skopeo as `oci-archive:` and `docker-archive:`).

#include <functional>
#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"

namespace devgraph::oci {

/// Writes the archive of an image for one platform. `names`: what `docker load` calls it.
Status write_archive(Files& files, const Layout& layout, const FoundImage& image,
                     const std::vector<std::string>& names, const std::string& path,
                     const std::function<bool()>& stopped);

/// Reads the unpacked archive of `docker save` (a folder with manifest.json) into a layout.
/// Error if a layer is not what the configuration says.
Result<Descriptor> import_docker_archive(Files& files, const std::string& folder,
                                         LayoutWriter& writer,
                                         const std::function<bool()>& stopped);

}  // namespace devgraph::oci
