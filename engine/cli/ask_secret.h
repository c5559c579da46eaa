#pragma once
/// Secrets by talking: to the user's terminal, or to a command of the user.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace devgraph::cli {

/// What a command prints on stdout, without one newline at its end. It has our terminal and our
/// environment. Errors: it cannot be started, or its exit status is not 0.
Result<std::string> output_of_command(const std::vector<std::string>& argv);

/// A line that the user types, which the terminal does not show. None: there is no terminal, or
/// `stop` says true.
std::optional<std::string> ask_on_terminal(const std::string& question,
                                           const std::function<bool()>& stop);

}  // namespace devgraph::cli
