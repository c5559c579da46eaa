#include "engine/cli/image_goal.h"

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/stage.h"

namespace devgraph::cli {
namespace {

bool makes_venv(const NodeGoal& goal) {
  const Node& node = goal.graph.node(goal.node);
  return node.kind == ActionKind::Native && goal.graph.str(node.action) == "venv";
}

/// The node's output `out`, if that is a folder.
std::string folder_of(const NodeGoal& goal) {
  for (const Output& output : goal.graph.outputs(goal.node)) {
    if (output.kind == OutputKind::Tree && goal.graph.str(output.field) == "out")
      return join_path(goal.workspace, goal.graph.str(output.path));
  }
  return {};
}

}  // namespace

std::optional<NodeGoal> find_node(Context& context, const std::string& word) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const auto labels = parse_labels(context, *workspace, std::span(&word, 1));
  if (!labels) return std::nullopt;
  std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return std::nullopt;
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return std::nullopt;
  if (nodes->size() != 1) {
    add_fault(context, "E906",
              fmt::format("`{}` stands for {} nodes, not for one", printable(word), nodes->size()));
    return std::nullopt;
  }
  return NodeGoal{workspace->root, std::move(*graph), (*nodes)[0]};
}

std::string image_of(const NodeGoal& goal) {
  const Value& within = goal.graph.value(goal.graph.node(goal.node).within);
  if (within.tag == ValueTag::Input) {
    const InputId input{within.a};
    if (exec::is_venv(goal.graph, input)) return {};
    return exec::input_path(goal.graph, goal.workspace, input);
  }
  return makes_venv(goal) ? std::string() : folder_of(goal);
}

std::string venv_of(const NodeGoal& goal) {
  const Value& within = goal.graph.value(goal.graph.node(goal.node).within);
  if (within.tag == ValueTag::Input) {
    const InputId input{within.a};
    if (!exec::is_venv(goal.graph, input)) return {};
    return exec::input_path(goal.graph, goal.workspace, input);
  }
  return makes_venv(goal) ? folder_of(goal) : std::string();
}

std::optional<std::string> find_image(Context& context, const std::string& word) {
  const std::optional<NodeGoal> goal = find_node(context, word);
  if (!goal) return std::nullopt;
  std::string layout = image_of(*goal);
  if (!layout.empty()) return layout;
  add_fault(context, "E906", fmt::format("`{}` makes no image", printable(word)));
  return std::nullopt;
}

}  // namespace devgraph::cli
