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

/// Applies `--only` and `--except`, and refuses effects and what this program cannot run. False:
/// faults in `context.found`.
bool may_build(Context& context, const Graph& graph, const lang::Workspace& workspace,
               std::vector<NodeId>& goals);

/// What `check` looks at: the goals of `build`, and the files that freeze nodes would copy: of
/// nodes that are named, or without labels of all in the current project and below; with
/// `--remote` also the effects that are named, whose needs are goals then.
struct Checked {
  std::vector<NodeId> goals;
  std::vector<NodeId> frozen;
  std::vector<NodeId> effects;
};
std::optional<Checked> choose_checked(Context& context, const Graph& graph,
                                      const lang::Workspace& workspace,
                                      std::span<const LabelPattern> labels);

/// Nodes with a flag (node_flags), and the rule that makes them, for messages.
struct Flagged {
  std::uint32_t flag = 0;
  std::string_view rule;
};
/// Those that the labels select, or without labels all in the current project and below. A label
/// that selects none of them is refused. None: faults in `context.found`.
std::optional<std::vector<NodeId>> choose_flagged(Context& context, const Graph& graph,
                                                  const lang::Workspace& workspace,
                                                  std::span<const LabelPattern> labels,
                                                  const Flagged& wanted);

/// Of `check`, `list` and `graph`: the labels' nodes or the default ones.
std::optional<std::vector<NodeId>> choose_shown(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels);

/// Nodes that cannot be run at all, of these and what they need, are refused before anything runs,
/// each by name. False: faults are in `context.found`.
bool refuse_impossible(Context& context, const Graph& graph, const std::vector<NodeId>& goals);

/// The nodes with a flag of the projects that a label selects as a whole, effects too; none if it
/// selects nodes by name. `selected`: what `select` says of it.
std::vector<NodeId> flagged_of_project(const Graph& graph, const LabelPattern& label,
                                       std::span<const NodeId> selected, std::uint32_t flag);

}  // namespace devgraph::cli
