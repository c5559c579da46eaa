#pragma once
/// Images below, as an engine gets them that asks too little of its cache.
///
/// buildah takes the layer of an earlier build for the same step upon the same layers and the same
/// history. It does not ask whether the image below has another environment now (seen with 1.28).
/// So a digest of its configuration stands in the history.

#include <string>

#include "engine/actions/dockerfile/engine.h"

namespace devgraph::actions {

/// Writes a layout with the image, its configuration marked.
Status write_marked(const Context& context, const NamedImage& image, const std::string& folder);

}  // namespace devgraph::actions
