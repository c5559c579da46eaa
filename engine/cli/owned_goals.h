#pragma once
/// What the commands about files of the tree build first.

#include <vector>

#include "engine/cli/build_job.h"

namespace devgraph::cli {

/// Chooses what the nodes with a flag (node_flags) need, and leaves these in `nodes`: those that
/// the labels select, or without labels all in the current project and below. `rule` says what they
/// are. `nodes` has to outlive it.
Choose choose_owned(std::uint32_t flag, const char* rule, std::vector<NodeId>& nodes);

}  // namespace devgraph::cli
