#pragma once
/// What was installed into an image, by the records that package managers leave in it.

#include <string>
#include <vector>

#include "engine/actions/oci/layout.h"

namespace devgraph::oci {

struct Package {
  std::string name;
  std::string version;
  std::string license;  ///< As it is written; may be empty.
  std::string purl;     ///< `pkg:deb/debian/bash@5.2.15-2?arch=amd64` (package-url specification).
  std::string found;    ///< The file that says so, in the image.
  friend auto operator<=>(const Package&, const Package&) = default;
};

/// Debian's (dpkg, also without its tools), Alpine's, Python's and npm's. Sorted; each once.
Result<std::vector<Package>> packages_of(Files& files, const Layout& layout,
                                         const FoundImage& image);

}  // namespace devgraph::oci
