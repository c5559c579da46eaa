#include <functional>
#include <map>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/console.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"

namespace devgraph::cli {
namespace {

/// What a node tells a shell.
struct Source {
  std::string label;
  std::string place;  ///< `build.devgraph:7`.
  std::string path;   ///< Of its file.
};

/// The nodes that the labels name. None: the fault is in `context.found`.
std::optional<std::vector<Source>> find_sources(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return std::nullopt;
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return std::nullopt;
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return std::nullopt;
  std::vector<Source> sources;
  for (const NodeId id : *nodes) {
    const Node& node = graph->node(id);
    const std::string label = printable(label_of(*graph, id));
    if (node.kind == ActionKind::Native && graph->str(node.action) == "env_file") {
      sources.push_back({label,
                         fmt::format("{}:{}", printable(graph->str(node.manifest)), node.line),
                         join_path(workspace->root, graph->str(graph->outputs(id)[0].path))});
      continue;
    }
    add_fault(context, "E906", fmt::format("`{}` holds no variables", label),
              {"name a node of the rule `env_file`"});
    return std::nullopt;
  }
  return sources;
}

/// `NAME=value` each, with a newline. A value in quotes may have lines of its own; a quote in it is
/// written as the end of the quotes, a backslash and the quote.
std::vector<std::string> assignments(std::string_view lines) {
  std::vector<std::string> found;
  bool is_start = true;
  bool is_quoted = false;
  bool is_escaped = false;
  for (const char c : lines) {
    if (is_start) found.emplace_back();
    if (c == '\'' && !is_escaped) is_quoted = !is_quoted;
    is_escaped = c == '\\' && !is_quoted && !is_escaped;
    is_start = c == '\n' && !is_quoted;
    found.back() += c;
  }
  return found;
}

std::string shown_value(std::string_view assignment) {
  constexpr unsigned kWidest = 60;
  return cut_to_width(printable(assignment.substr(assignment.find('=') + 1)), kWidest);
}

}  // namespace

/// Nothing is printed before all is known: `eval` gets everything or nothing.
int export_command(Context& context) {
  const std::optional<std::vector<Source>> sources = find_sources(context);
  if (!sources) return refuse(context);
  if (const int status = build_for_use(context); status != kExitDone) return status;
  std::string text;
  std::map<std::string, std::pair<std::string, const Source*>, std::less<>> known;
  for (const Source& source : *sources) {
    const Result<std::string> lines = context.files.read(source.path);
    if (!lines) return refuse(context, "E912", lines.error().message);
    for (const std::string& one : assignments(*lines)) {
      text += "export " + one;
      const std::string name = one.substr(0, one.find('='));
      const auto& [first, by] = known.try_emplace(name, one, &source).first->second;
      if (first == one) continue;
      const auto says = [](const Source& node, const std::string& assignment) {
        return fmt::format("{}  {} says {}", node.place, node.label, shown_value(trim(assignment)));
      };
      add_fault(context, "E923", fmt::format("`{}` would have two values", name),
                {says(*by, first), says(source, one),
                 "nothing was printed; export one of them, or give one of the variables another "
                 "name"});
    }
  }
  if (context.found.has_errors()) return refuse(context);
  context.console.data(text);
  return kExitDone;
}

}  // namespace devgraph::cli
