#pragma once
/// Portable keys: those of the lock file, the same in every clone (docs/decisions/0012). They are
/// computed from contents alone, and from what the lock file says of outputs that are not here.

#include <map>
#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/build.h"
#include "engine/graph/graph.h"
#include "engine/graph/lock_file.h"

namespace devgraph::exec {

/// The lines of the nodes that are fresh here, and those that are not. The record says which.
struct NodeLocks {
  std::map<std::string, LockedNode> nodes;
  std::map<std::string, PortableContent> sources;  ///< All that these nodes read.
  std::vector<StaleNode> stale;
};
Result<NodeLocks> lock_nodes(const Graph& graph, Files& files, const CheckOptions& options);

/// `check` against a lock file: what was built here does not matter, and nothing is written.
Result<std::vector<StaleNode>> check_locked(const Graph& graph, Files& files,
                                            const CheckOptions& options, const LockFile& lock);

/// The paths of sources that a node reads, workspace-relative, as the graph has them.
std::vector<std::string> sources_of(const Graph& graph, NodeId node);

}  // namespace devgraph::exec
