#pragma once
/// A registry, opened with the login that the user has there.

#include <memory>

#include "engine/actions/action.h"
#include "engine/actions/oci/registry.h"

namespace devgraph::oci {

Result<std::unique_ptr<Registry>> open_registry(const actions::Context& context,
                                                const std::string& host);

}  // namespace devgraph::oci
