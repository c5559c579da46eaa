#pragma once
/// Names in a folder that a pattern means.

#include <string_view>

namespace devgraph::actions {

/// `*` and `?` stay within a component, `**` as a whole component is any number of them. All other
/// bytes stand for themselves.
bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace devgraph::actions
