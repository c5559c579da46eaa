#pragma once
/// What can be told about a failed command from the end of its log: the usual reasons why a command
/// that works in a terminal does not in a build.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/exec/stage.h"

namespace devgraph::exec {

/// Advice for a failed Script or Exec node: undeclared files of the workspace (`add ./x to deps`),
/// commands that are not in `tools`, too long argument lists, refused network. `tail` is the end of
/// the log (64 KiB are plenty). In order, each once, at most five.
std::vector<std::string> failure_hints(const Stage& stage, NodeId node, const Command& command,
                                       std::string_view tail);

/// Advice where outputs are missing: one that the command made in its own folder by mistake.
/// `staged` is where output number `index` was looked for.
std::optional<std::string> stray_hint(const Stage& stage, NodeId node, const Command& command,
                                      std::size_t index, const std::string& staged);

}  // namespace devgraph::exec
