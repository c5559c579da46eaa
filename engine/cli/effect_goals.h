#pragma once
/// Which effects a command is about, and the secrets that they are given.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/cli/context.h"
#include "engine/exec/secrets.h"
#include "engine/graph/graph.h"
#include "engine/graph/label.h"
#include "lang/load.h"

namespace devgraph::cli {

/// The nodes that `release` is about: those that the labels stand for, or without labels the name
/// `release` of the current project; no effects that copy into the tree, which have a command of
/// their own. None: faults in `context.found`.
std::optional<std::vector<NodeId>> released_nodes(Context& context, const Graph& graph,
                                                  const lang::Workspace& workspace,
                                                  std::span<const LabelPattern> labels);

/// The secrets of effects, all of which may go where they are sent. None: what is missing, or may
/// not be sent, is in `context.found`. `stop` says that the user does not want to go on.
std::optional<exec::SecretValues> find_effect_secrets(Context& context, const Graph& graph,
                                                      const std::string& workspace,
                                                      std::span<const NodeId> effects,
                                                      const std::function<bool()>& stop);

}  // namespace devgraph::cli
