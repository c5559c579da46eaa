#pragma once
/// Documents that belong to an image without being in it (image-spec 1.1, manifest.md "subject";
/// distribution-spec 1.1, "Listing Referrers").

#include <string>
#include <string_view>

#include "engine/actions/oci/registry.h"

namespace devgraph::oci {

/// Puts a document into a repository, as one about `subject`, which is there. What is there already
/// is not sent. A registry that does not list referrers gets the list under the tag
/// `sha256-<hex>`, as the specification has it for such registries.
Reply<void> attach_document(Registry& registry, const std::string& repository,
                            const Descriptor& subject, std::string_view media_type,
                            std::string_view document);

}  // namespace devgraph::oci
