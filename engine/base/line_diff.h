#pragma once
/// How two texts differ, line by line, as `diff -u` shows it.

#include <string>
#include <string_view>

namespace devgraph {

/// Empty if they are equal. Each side has a name for its headline. Texts that have too many lines
/// in common places to compare all of them differ as a whole between their common ends.
std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_name, std::string_view after_name);

}  // namespace devgraph
