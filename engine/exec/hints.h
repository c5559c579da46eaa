#pragma once
/// What can be told about a failed command from the end of its log: the usual reasons why a command
/// that works in a terminal does not in a build.

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

}  // namespace devgraph::exec
