#pragma once
/// Images as one tar file: an OCI layout that is a docker-archive too, so that every tool reads it
/// (docker load, old and new; skopeo as `oci-archive:` and `docker-archive:`).

#include <functional>
#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"

namespace devgraph::oci {

struct ArchiveGoal {
  std::vector<std::string> names;  ///< What `docker load` calls it.
  std::string path;                ///< Where the archive is written.
  std::function<bool()> stopped;
  /// No OCI layout: podman would take that, and the names are in the other one.
  bool is_docker_only = false;
};
/// Writes the archive of an image for one platform.
Status write_archive(Files& files, const Layout& layout, const FoundImage& image,
                     const ArchiveGoal& goal);

/// Reads the unpacked archive of `docker save` (a folder with manifest.json) into a layout.
/// Error if a layer is not what the configuration says.
Result<Descriptor> import_docker_archive(Files& files, const std::string& folder,
                                         LayoutWriter& writer,
                                         const std::function<bool()>& stopped);

}  // namespace devgraph::oci
