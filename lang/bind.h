#pragma once
/// Names to declarations: fills the scopes of the modules of a program.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/diagnostic.h"
#include "lang/resolve.h"

namespace devgraph::lang {

/// `use //rules/go { … }` -> `rules/go.devgraph`; none if the path has holes or leaves the
/// workspace.
std::optional<std::string> library_path(const Module& module, const ast::Use& use);

/// Declares the names of each module and of its rules, then binds imports; std's public names go to
/// `std_scope`. Reports E201, E202, E220, E221, E222, E224, E226.
void bind_names(const std::vector<Module*>& modules, Scope& std_scope,
                const std::unordered_map<std::string, Module*>& by_path, Diagnostics& found);

}  // namespace devgraph::lang
