#pragma once
/// Asks the user: for a secret, or whether to go on.

#include <functional>
#include <optional>
#include <string>

#include "engine/cli/console.h"

namespace devgraph::cli {

/// A line that the user types, which the terminal does not show. None: there is no terminal, or
/// `stop` says true.
std::optional<std::string> ask_on_terminal(const std::string& question,
                                           const std::function<bool()>& stop);

/// Whether there is a terminal at which somebody can be asked.
bool has_terminal();
/// A question that is answered by `y` or `yes`; anything else is no, and so is no terminal. What it
/// is about, data of the console, is shown before.
bool confirm_on_terminal(Console& console, const std::string& question,
                         const std::function<bool()>& stop);

}  // namespace devgraph::cli
