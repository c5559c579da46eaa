#include "engine/cli/image_goal.h"

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/stage.h"

namespace devgraph::cli {

std::optional<ImageGoal> find_image(Context& context, const std::string& word) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const auto labels = parse_labels(context, *workspace, std::span(&word, 1));
  if (!labels) return std::nullopt;
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return std::nullopt;
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return std::nullopt;
  if (nodes->size() != 1) {
    add_fault(
        context, "E906",
        fmt::format("`{}` stands for {} nodes, not for one image", printable(word), nodes->size()));
    return std::nullopt;
  }
  const NodeId node = (*nodes)[0];
  const Value& within = graph->value(graph->node(node).within);
  if (within.tag == ValueTag::Input) {
    return ImageGoal{workspace->root, exec::input_path(*graph, workspace->root, InputId{within.a})};
  }
  for (const Output& output : graph->outputs(node)) {
    if (output.kind != OutputKind::Tree || graph->str(output.field) != "out") continue;
    return ImageGoal{workspace->root, join_path(workspace->root, graph->str(output.path))};
  }
  add_fault(context, "E906", fmt::format("`{}` makes no image", printable(word)));
  return std::nullopt;
}

}  // namespace devgraph::cli
