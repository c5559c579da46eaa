#pragma once
/// What is in an image as an SPDX document (SPDX specification 2.3, JSON).

#include <string>
#include <vector>

#include "engine/actions/oci/packages.h"

namespace devgraph::oci {

inline constexpr std::string_view kSpdxType = "application/spdx+json";

/// A function of the image's digest and of its packages; it ends with a newline.
std::string spdx_document(const Descriptor& image, const std::vector<Package>& packages);

}  // namespace devgraph::oci
