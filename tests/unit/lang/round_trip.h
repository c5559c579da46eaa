#pragma once
/// What `devgraph fmt` promises, asked of one text.

#include <string>

namespace devgraph::lang {

/// Why formatting this text loses something or is not stable; empty if all is well, and for a text
/// that does not parse.
std::string round_trip_fault(const std::string& text);

/// The formatted text; what is wrong with it if it does not parse.
std::string formatted(const std::string& text);

/// The faults that parsing finds, as they are shown; empty if there are none.
std::string parse_errors(const std::string& text);

}  // namespace devgraph::lang
