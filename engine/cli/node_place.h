#pragma once
/// Where a node is declared, for faults that are found when the graph is there already.

#include <string>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// Adds a fault that points at the declaration, with a label under its name; where the manifest
/// cannot be read any more, a help says which line that is. `root`: of the workspace, absolute.
void add_fault_at(Context& context, const std::string& root, const Graph& graph, NodeId node,
                  Diagnostic fault, std::string label);

}  // namespace devgraph::cli
