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
/// Says of each pin of what the goals need what stands in.
void say_pins(Context& context, const lang::Workspace& workspace, const Graph& graph,
              const std::vector<NodeId>& goals);
/// Warns of each pin whose project is in the graph and has no such node any more.
void say_lost_pins(Context& context, const lang::Workspace& workspace, const Graph& graph);
/// Of all that the goals need those for which a pin stands in.
std::vector<NodeId> pinned_nodes(const Graph& graph, const std::vector<NodeId>& goals);

}  // namespace devgraph::cli
