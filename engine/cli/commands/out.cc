#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"

namespace devgraph::cli {
namespace {

/// A workspace path as it is typed in the working folder.
std::string from_folder(const lang::Workspace& workspace, const std::string& folder,
                        std::string_view path) {
  std::string below(relative_to(folder, workspace.root));
  if (is_within(path, below)) return std::string(relative_to(path, below));
  std::string up;
  while (!below.empty() && !is_within(path, below)) {
    up += "../";
    below = std::string(parent_path(below));
  }
  return up + std::string(relative_to(path, below));
}

}  // namespace

int out_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return refuse(context);
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return refuse(context);
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return refuse(context);
  Json list = Json::array();
  for (const NodeId node : *nodes) {
    Json outputs = Json::object();
    for (const Output& output : graph->outputs(node)) {
      const std::string path = from_folder(*workspace, context.folder, graph->str(output.path));
      outputs[json_text(graph->str(output.field))] = json_text(path);
      if (context.options.format != "json") context.console.data(path + "\n");
    }
    list.push_back({{"label", json_text(label_of(*graph, node))}, {"outputs", outputs}});
  }
  if (context.options.format == "json") context.console.data(dump(list));
  return kExitDone;
}

}  // namespace devgraph::cli
