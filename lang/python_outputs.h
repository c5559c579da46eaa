#pragma once
/// What wheels and source distributions are called. pip takes a wheel under no other name, so the
/// name has to be known when the graph is made.

#include <string>
#include <string_view>

#include "lang/eval.h"

namespace devgraph::lang {

/// Of the rules `wheel` and `sdist`: by the pyproject.toml among their sources. Where it gives no
/// name it is the node's, and the action says why.
std::string python_output_name(std::string_view rule, std::string_view field, Evaluator& evaluator,
                               Cell& cell);

}  // namespace devgraph::lang
