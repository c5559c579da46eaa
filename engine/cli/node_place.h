#pragma once
/// Where a node is declared, for faults that are found when the graph is there already.

#include <string>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

struct NodePlace {
  const Graph& graph;
  NodeId node{};
  const std::string& root;  ///< Of the workspace, absolute.
};
/// Adds a fault that points at the declaration, with a label under its name; where the manifest
/// cannot be read any more, a help says which line that is.
void add_fault_at(Context& context, const NodePlace& place, Diagnostic fault, std::string label);

}  // namespace devgraph::cli
