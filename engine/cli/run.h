#pragma once
/// From the arguments to the exit status.

#include <string>
#include <vector>

namespace devgraph::cli {

/// `arguments` without the program's name.
int run(const std::vector<std::string>& arguments);

}  // namespace devgraph::cli
