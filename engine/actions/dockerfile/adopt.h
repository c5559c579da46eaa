#pragma once
/// Makes what an engine built into an image of ours: the same files, but nothing that says when and
/// where it was built, and the layers of the image below as they were.

#include <string>

#include "engine/actions/action.h"
#include "engine/actions/dockerfile/engine.h"

namespace devgraph::actions {

/// Reads the layout `build.made` and writes outputs 0 and 1 of the node.
Status adopt_image(const Context& context, const DockerBuild& build);

}  // namespace devgraph::actions
