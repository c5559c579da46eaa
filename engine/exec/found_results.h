#pragma once
/// What a graph finds in the record by its keys, without anything being run: the result of each
/// node for its inputs as the survey has them.

#include <optional>
#include <vector>

#include "engine/exec/survey.h"
#include "engine/store/cas.h"

namespace devgraph::exec {

/// By NodeId; none for a node that is not wanted, or has to run. Outputs in the survey become those
/// of the results, so that the keys of their consumers follow.
std::vector<std::optional<store::Made>> find_results(Survey& survey, store::Cas& cas);

}  // namespace devgraph::exec
