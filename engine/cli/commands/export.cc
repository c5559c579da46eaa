#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"

namespace devgraph::cli {
namespace {

/// The files of the nodes that the labels name. None: the fault is in `context.found`.
std::optional<std::vector<std::string>> env_files(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return std::nullopt;
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return std::nullopt;
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return std::nullopt;
  std::vector<std::string> paths;
  for (const NodeId id : *nodes) {
    const Node& node = graph->node(id);
    if (node.kind == ActionKind::Native && graph->str(node.action) == "env_file") {
      paths.push_back(join_path(workspace->root, graph->str(graph->outputs(id)[0].path)));
      continue;
    }
    add_fault(context, "E906",
              fmt::format("`{}` holds no variables", printable(label_of(*graph, id))),
              {"name a node of the rule `env_file`"});
    return std::nullopt;
  }
  return paths;
}

/// `export ` before each assignment. A value in quotes may have lines of its own; a quote in it is
/// written as the end of the quotes, a backslash and the quote.
std::string exported(std::string_view lines) {
  std::string made;
  bool is_start = true;
  bool is_quoted = false;
  bool is_escaped = false;
  for (const char c : lines) {
    if (is_start) made += "export ";
    if (c == '\'' && !is_escaped) is_quoted = !is_quoted;
    is_escaped = c == '\\' && !is_quoted && !is_escaped;
    is_start = c == '\n' && !is_quoted;
    made += c;
  }
  return made;
}

}  // namespace

/// Nothing is printed before all is known: `eval` gets everything or nothing.
int export_command(Context& context) {
  const std::optional<std::vector<std::string>> paths = env_files(context);
  if (!paths) return refuse(context);
  if (const int status = build_for_use(context); status != kExitDone) return status;
  std::string text;
  for (const std::string& path : *paths) {
    const Result<std::string> lines = context.files.read(path);
    if (!lines) return refuse(context, "E912", lines.error().message);
    text += *lines;
  }
  context.console.data(exported(text));
  return kExitDone;
}

}  // namespace devgraph::cli
