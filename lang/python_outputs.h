#pragma once
/// What the graph has to know of Python projects when it is made: what wheels and source
/// distributions are called, since pip takes a wheel under no other name, and where sources lie.

#include <string>
#include <string_view>

#include "lang/eval.h"

namespace devgraph::lang {

/// Of the rules `wheel` and `sdist`: by the pyproject.toml among their sources. Where it gives no
/// name it is the node's, and the action says why.
std::string python_output_name(std::string_view rule, std::string_view field, Evaluator& evaluator,
                               Cell& cell);

/// The folder below which the packages of a project lie, for an installation in development mode:
/// `folder/src`, where that holds the package with the project's name or none beside it, else
/// `folder`.
std::string python_source_folder(const std::string& folder, World& world);

}  // namespace devgraph::lang
