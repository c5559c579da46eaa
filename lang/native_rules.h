#pragma once
/// Which of the actions that the standard library declares are there.

#include <string_view>

namespace devgraph::lang {

/// True if this version of devgraph can run the extern rule of this name.
bool can_run(std::string_view rule);

}  // namespace devgraph::lang
