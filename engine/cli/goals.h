#pragma once
/// Which nodes a command is about.

#include <optional>
#include <span>
#include <vector>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"
#include "engine/graph/label.h"
#include "lang/load.h"

namespace devgraph::cli {

/// The nodes that the labels select, effects too, sorted by id. None: faults in `context.found`.
std::optional<std::vector<NodeId>> select_nodes(Context& context, const Graph& graph,
                                                std::span<const LabelPattern> labels);

/// What plain `build` makes: `default` of the current project, else all targets of it and those
/// below; no effects.
std::vector<NodeId> default_nodes(const Graph& graph, const lang::Workspace& workspace);

/// The goals of `build`: as above, with `--only` and `--except`. An effect that is named, and a
/// node that this program cannot run, are refused. None: faults in `context.found`.
std::optional<std::vector<NodeId>> choose_goals(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels);

/// Of `check`, `list` and `graph`: the labels' nodes or the default ones.
std::optional<std::vector<NodeId>> choose_shown(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels);

/// Nodes that cannot be run at all, of these and what they need, are refused before anything runs,
/// each by name. False: faults are in `context.found`.
bool refuse_impossible(Context& context, const Graph& graph, const std::vector<NodeId>& goals);

}  // namespace devgraph::cli
