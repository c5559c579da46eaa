#pragma once
/// Asks the user for a secret.

#include <functional>
#include <optional>
#include <string>

namespace devgraph::cli {

/// A line that the user types, which the terminal does not show. None: there is no terminal, or
/// `stop` says true.
std::optional<std::string> ask_on_terminal(const std::string& question,
                                           const std::function<bool()>& stop);

}  // namespace devgraph::cli
