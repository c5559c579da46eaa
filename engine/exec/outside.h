#pragma once
/// What nodes left outside of the workspace (an image in a registry): whether it is still there.

#include <string>
#include <vector>

#include "engine/exec/build.h"
#include "engine/exec/survey.h"

namespace devgraph::exec {

/// Asks about one node whose inputs and outputs are in place. True, too, for one that leaves
/// nothing outside. Error: nobody can be asked.
Result<bool> holds_outside(Survey& survey, NodeId node);

/// Asks for all stale nodes that need leave from outside (a registry's, to push) whether they would
/// get it; those that would not, and why.
std::vector<NotReady> refused_outside(Survey& survey);

/// Asks about all fresh nodes, several at once; those that do not hold become `GoneOutside`.
/// `far`: those, too, about which other machines have to be asked. Returns what to tell people of
/// nodes about which nobody could be asked: they stay fresh.
std::vector<std::string> look_outside(Survey& survey, bool far);

}  // namespace devgraph::exec
