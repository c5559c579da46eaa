#pragma once
/// `devgraph.pins` of a workspace, for the commands.

#include <optional>
#include <vector>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"
#include "engine/graph/pins.h"
#include "lang/load.h"

namespace devgraph::cli {

/// None: it cannot be read; the fault is in `context.found`.
std::optional<Pins> read_pins(Context& context, const lang::Workspace& workspace);
/// Without any pin there is no file.
Status write_pins(Files& files, const lang::Workspace& workspace, const Pins& pins);
/// Of all that the goals need those for which a pin stands in.
std::vector<NodeId> pinned_nodes(const Graph& graph, const std::vector<NodeId>& goals);

}  // namespace devgraph::cli
