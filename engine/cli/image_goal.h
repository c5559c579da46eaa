#pragma once
/// What a label on the command line stands for, where it has to be one node.

#include <optional>
#include <string>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

struct NodeGoal {
  std::string workspace;  ///< Absolute.
  Graph graph;
  NodeId node{};
};

/// None: the fault is in `context.found`.
std::optional<NodeGoal> find_node(Context& context, const std::string& word);

/// The layout of the image that a node makes, or runs within; absolute, there only when it is
/// built. Empty: neither.
std::string image_of(const NodeGoal& goal);
/// The folder of the Python environment that a node makes, or runs within; in the same way.
std::string venv_of(const NodeGoal& goal);

/// The layout of the image that a label stands for. None: the fault is in `context.found`.
std::optional<std::string> find_image(Context& context, const std::string& word);

}  // namespace devgraph::cli
