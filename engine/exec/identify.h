#pragma once
/// What can be said of nodes by the graph alone.

#include "engine/base/ids.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// The version of a node's native action; 0 for commands.
unsigned action_version(const Graph& graph, NodeId id);

/// The identities of all nodes, on several threads.
IdVec<NodeId, Identity> identify(const Graph& graph);

}  // namespace devgraph::exec
