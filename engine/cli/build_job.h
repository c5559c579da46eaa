#pragma once
/// A build as commands run it: manifests read, goals chosen, the lock of the state held, names
/// outside locked, rounds of late axes, the summary shown.

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/cli/context.h"
#include "engine/exec/runner.h"
#include "engine/graph/graph.h"
#include "engine/graph/label.h"
#include "lang/load.h"

namespace devgraph::cli {

/// Which nodes of a graph are to be built. None: faults are in `context.found`.
using Choose = std::function<std::optional<std::vector<NodeId>>(
    Context&, const Graph&, const lang::Workspace&, std::span<const LabelPattern>)>;

/// All that is decided before the build itself starts.
struct Job {
  lang::Workspace workspace;
  Graph graph;  ///< Of the last round, once the build is over.
  std::vector<NodeId> goals;
  Choose choose;
};

struct BuildHooks {
  Choose choose;
  /// With the lock held, before anything runs. A status: it ends here. May be empty.
  std::function<std::optional<int>(Job&, exec::Runner&)> before = {};
  /// When all is built; the lock is still held. Gives the exit status. May be empty.
  std::function<int(Job&, exec::Runner&)> after = {};
  /// What the goals make is used at once: one that failed ends it with 1, `may_fail` or not.
  bool uses_goals = false;
};
/// Gives the exit status.
int build_with(Context& context, const BuildHooks& hooks);
/// `build` by a command that uses what the goals make.
int build_for_use(Context& context);

}  // namespace devgraph::cli
