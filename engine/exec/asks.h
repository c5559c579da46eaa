#pragma once
/// What nodes ask for outside by names that may move (graph/asks.h), and asking for it. Only what
/// fills the lock file does so; a build takes what stands there.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/base/result.h"
#include "engine/graph/asks.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// A name, what it is locked to, and the first node that asks for it.
struct NodeAsk {
  NodeId node{};
  Asked asked;
};
/// Each name once, sorted.
std::vector<NodeAsk> asks_of_nodes(const Graph& graph, std::span<const NodeId> nodes);

struct AskOptions {
  std::string workspace;              ///< Absolute.
  bool keep = false;                  ///< Files that had to come for their hash wait in the state
                                      ///< folder, whose lock is held. Else nothing is written.
  std::function<bool()> interrupted;  ///< May be empty.
  /// Called once for each name that nobody has answered for after some seconds; may be empty.
  std::function<void(const NodeAsk&)> slow = {};
};
/// What each name stands for now, several asked at once.
std::vector<Result<std::string>> ask_outside(const Graph& graph, Files& files,
                                             const AskOptions& options,
                                             std::span<const NodeAsk> asks);

}  // namespace devgraph::exec
