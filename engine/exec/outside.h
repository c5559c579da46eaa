#pragma once
/// What nodes left outside of the workspace (an image in a registry): whether it is still there.

#include <string>
#include <vector>

#include "engine/exec/survey.h"

namespace devgraph::exec {

/// Asks about one node whose inputs and outputs are in place. True, too, for one that leaves
/// nothing outside. Error: nobody can be asked.
Result<bool> holds_outside(Survey& survey, NodeId node);

/// Asks about all fresh nodes, several at once; those that do not hold become `GoneOutside`.
/// `far`: those, too, about which other machines have to be asked. Returns what to tell people of
/// nodes about which nobody could be asked: they stay fresh.
std::vector<std::string> look_outside(Survey& survey, bool far);

}  // namespace devgraph::exec
