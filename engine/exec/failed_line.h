#pragma once
/// Which command of a node failed, and where the user finds it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/runner.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

struct FailedLine {
  std::string manifest;  ///< Of the `$` line that failed; of the node where there is none to show.
  std::uint32_t line = 0;
  std::string command;  ///< The `$` line as written; empty for native actions.
};
FailedLine failed_line(const Graph& graph, Files& files, NodeId node, const Command& command);

/// Leaves only what that command printed of the end of a log: its line is shown already. Where it
/// printed nothing, what came before it.
void cut_tail(const FailedLine& failed, std::vector<std::string>& tail);

}  // namespace devgraph::exec
