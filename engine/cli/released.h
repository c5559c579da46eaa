#pragma once
/// What releases left outside, as `check --remote` sees it.

#include <optional>
#include <vector>

#include "engine/cli/context.h"
#include "engine/exec/build.h"
#include "engine/graph/graph.h"
#include "lang/load.h"

namespace devgraph::cli {

/// Effects that are asked for.
struct AskedEffects {
  std::vector<NodeId> named;
  bool released_here = false;  ///< Those, too, that releases of this workspace were about.
};

/// A row for each step whose target does not hold what the graph would put there. An effect that
/// needs something stale is left out: that is a row of its own. Nothing is changed outside; probes
/// of `exec` are run. None: it cannot be told; faults are in `context.found`.
std::optional<std::vector<exec::StaleNode>> released_rows(Context& context,
                                                          const lang::Workspace& workspace,
                                                          const Graph& graph,
                                                          const AskedEffects& asked);

}  // namespace devgraph::cli
