#pragma once
/// What can be said of nodes by the graph alone.

#include <set>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// The version of a node's native action; 0 for commands.
unsigned action_version(const Graph& graph, NodeId id);

/// The identities of all nodes, on several threads.
IdVec<NodeId, Identity> identify(const Graph& graph);

/// The projects in which cells of late axes are not known: of those, no node can be said to have
/// left the graph.
std::set<std::string_view> undecided_projects(const Graph& graph);
/// `//a/b:c` -> `a/b`.
std::string_view project_of(std::string_view label);

}  // namespace devgraph::exec
