#include "engine/exec/release_plan.h"

#include <algorithm>
#include <set>

#include "engine/actions/effects/effect.h"
#include "engine/base/path.h"
#include "engine/exec/node_step.h"
#include "engine/exec/owned.h"
#include "engine/exec/staging.h"
#include "engine/graph/order.h"

namespace devgraph::exec {
namespace {

bool is_effect(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kEffect) != 0;
}

}  // namespace

std::vector<NodeId> effects_of(const Graph& graph, std::span<const NodeId> goals) {
  std::vector<NodeId> found;
  for (const NodeId id : needed_order(graph, goals)) {
    if (is_effect(graph, id)) found.push_back(id);
  }
  return found;
}

std::vector<NodeId> nodes_of_effects(const Graph& graph, std::span<const NodeId> effects) {
  std::vector<NodeId> nodes;
  for (const NodeId id : effects) {
    nodes.push_back(id);
    for (const char* child : {"_probe", "_revert"}) {
      if (const std::optional<NodeId> found = child_of(graph, id, child)) nodes.push_back(*found);
    }
  }
  return nodes;
}

std::vector<NodeId> needs_of_effects(const Graph& graph, std::span<const NodeId> effects) {
  const std::vector<NodeId> nodes = nodes_of_effects(graph, effects);
  const std::set<NodeId> own(nodes.begin(), nodes.end());
  std::set<NodeId> needs;
  for (const NodeId node : nodes) {
    for (const NodeId id : direct_needs(graph, node)) {
      if (!is_effect(graph, id) && !own.contains(id)) needs.insert(id);
    }
  }
  return {needs.begin(), needs.end()};
}

std::vector<std::size_t> order_steps(std::span<const Turned> steps,
                                     const std::vector<std::vector<std::size_t>>& needs) {
  std::vector<std::size_t> open(needs.size(), 0);  // Steps of an effect that have no place yet.
  for (const Turned& step : steps)
    ++open[step.effect];
  std::vector<bool> placed(steps.size(), false);
  std::vector<std::size_t> order;
  const auto is_free = [&](const Turned& step) {
    return std::ranges::all_of(needs[step.effect],
                               [&](std::size_t need) { return open[need] == 0; });
  };
  while (order.size() < steps.size()) {
    std::size_t best = steps.size();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (placed[i] || !is_free(steps[i])) continue;
      if (best == steps.size() || steps[i].turn < steps[best].turn) best = i;
    }
    if (best == steps.size()) break;  // No cycles of nodes: it does not happen.
    placed[best] = true;
    --open[steps[best].effect];
    order.push_back(best);
  }
  return order;
}

}  // namespace devgraph::exec
