#pragma once
/// Packages that a lock file names, from the index that the user has.

#include <string>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/venv/interpreter.h"

namespace devgraph::wheel {

/// The wheels of a list of requirements in which each has a version and hashes, as pip downloads
/// them: absolute paths below the node's scratch folder, sorted. `near`: folders with wheels that
/// need not be downloaded.
Result<std::vector<std::string>> download_wheels(const actions::Context& context,
                                                 const Interpreter& interpreter,
                                                 const std::string& requirements,
                                                 const std::vector<std::string>& near);

}  // namespace devgraph::wheel
