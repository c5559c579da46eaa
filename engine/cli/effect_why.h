#pragma once
/// What `why` says of an effect: no build carries it out, so the ledger tells what became of it.

#include <string>

#include "engine/cli/json.h"
#include "engine/exec/ledger.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

bool is_effect(const Graph& graph, NodeId id);

/// Lines; of more than ten names outside the last ones, unless `all` are asked for.
std::string effect_text(const Graph& graph, const exec::Ledger& ledger, NodeId id, bool all);
Json effect_json(const Graph& graph, const exec::Ledger& ledger, NodeId id);

}  // namespace devgraph::cli
