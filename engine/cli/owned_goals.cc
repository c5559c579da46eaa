#include "engine/cli/owned_goals.h"

#include <fmt/format.h>

#include "engine/cli/goals.h"
#include "engine/exec/owned.h"

namespace devgraph::cli {

Choose choose_owned(std::uint32_t flag, const char* rule, std::vector<NodeId>& nodes) {
  return
      [flag, rule, &nodes](Context& context, const Graph& graph, const lang::Workspace& workspace,
                           std::span<const LabelPattern> labels) {
        std::optional<std::vector<NodeId>> goals;
        std::optional<std::vector<NodeId>> found =
            choose_flagged(context, graph, workspace, labels, {flag, rule});
        if (!found) return goals;
        nodes = std::move(*found);
        if (nodes.empty()) {
          add_fault(context, "E906",
                    fmt::format("there is no node of `{}` in the current project and below", rule),
                    {fmt::format("`devgraph list std {}` says what it is", rule)});
          return goals;
        }
        goals.emplace();
        for (const NodeId node : nodes) {
          const std::vector<NodeId> needs = exec::direct_needs(graph, node);
          goals->insert(goals->end(), needs.begin(), needs.end());
        }
        if (!may_build(context, graph, workspace, *goals)) goals.reset();
        return goals;
      };
}

}  // namespace devgraph::cli
