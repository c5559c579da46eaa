#pragma once
/// Questions about the shape of a graph; nothing recurses, so a chain of a million nodes is fine.

#include <optional>
#include <span>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph {

/// A cycle of nodes, each needing the next and the last the first; none if the graph has none.
std::optional<std::vector<NodeId>> find_cycle(const Graph& graph);

/// The goals and all they need (inputs and `after`), each before what needs it. Ties by id.
std::vector<NodeId> needed_order(const Graph& graph, std::span<const NodeId> goals);

/// Two nodes that would write one path, or one below the other's output; or one log.
struct OutputClash {
  NodeId first{};
  NodeId second{};
  std::string path;
};
std::optional<OutputClash> find_output_clash(const Graph& graph);

}  // namespace devgraph
