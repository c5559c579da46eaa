#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/render.h"
#include "engine/graph/order.h"

namespace devgraph::cli {
namespace {

/// What a node needs: the nodes that make its inputs, and its other inputs.
struct Needs {
  std::vector<NodeId> nodes;
  std::vector<std::string> paths;
  std::vector<std::string> tools;
};

std::string source_path(const Graph& graph, const Input& input) {
  if (input.kind == InputKind::SourceTree) {
    return std::string(graph.str(graph.tree(TreeId(input.ref)).path)) + "/";
  }
  return std::string(graph.str(graph.file(FileId(input.ref)).path));
}

Needs needs_of(const Graph& graph, NodeId id) {
  Needs needs;
  for (const InputId input : graph.inputs(id)) {
    if (const std::optional<NodeId> producer = graph.producer(input)) {
      needs.nodes.push_back(*producer);
    } else if (graph.input(input).kind == InputKind::Tool) {
      needs.tools.emplace_back(graph.str(graph.input(input).name));
    } else {
      needs.paths.push_back(source_path(graph, graph.input(input)));
    }
  }
  std::sort(needs.nodes.begin(), needs.nodes.end());
  needs.nodes.erase(std::unique(needs.nodes.begin(), needs.nodes.end()), needs.nodes.end());
  return needs;
}

std::string text_form(const Graph& graph, const std::vector<NodeId>& order) {
  std::string text;
  for (const NodeId id : order) {
    text +=
        fmt::format("{}  {}\n", shown_label(graph, id), printable(graph.str(graph.node(id).rule)));
    const Needs needs = needs_of(graph, id);
    for (const NodeId need : needs.nodes)
      text += fmt::format("  needs {}\n", shown_label(graph, need));
    for (const NodeId after : graph.after(id))
      text += fmt::format("  after {}\n", shown_label(graph, after));
    for (const std::string& path : needs.paths)
      text += fmt::format("  reads {}\n", printable(path));
    for (const std::string& tool : needs.tools)
      text += fmt::format("  tool  {}\n", printable(tool));
    for (const Output& output : graph.outputs(id))
      text += fmt::format("  makes {}\n", printable(graph.str(output.path)));
  }
  return text;
}

std::string dot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string dot_form(const Graph& graph, const std::vector<NodeId>& order) {
  std::string text =
      "digraph devgraph {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\"];\n";
  for (const NodeId id : order) {
    text += fmt::format("  n{} [label={}];\n", index_of(id), dot_string(label_of(graph, id)));
  }
  for (const NodeId id : order) {
    for (const NodeId need : needs_of(graph, id).nodes)
      text += fmt::format("  n{} -> n{};\n", index_of(need), index_of(id));
    for (const NodeId after : graph.after(id))
      text += fmt::format("  n{} -> n{} [style=dashed];\n", index_of(after), index_of(id));
  }
  return text + "}\n";
}

Json json_list(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts)
    list.push_back(json_text(text));
  return list;
}

Json json_labels(const Graph& graph, std::span<const NodeId> nodes) {
  Json list = Json::array();
  for (const NodeId id : nodes)
    list.push_back(json_text(label_of(graph, id)));
  return list;
}

std::string json_form(const Graph& graph, const std::vector<NodeId>& order) {
  Json nodes = Json::array();
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    const Needs needs = needs_of(graph, id);
    Json axes = Json::object();
    for (const AxisValue& axis : graph.axes(id))
      axes[json_text(graph.str(axis.axis))] = json_text(graph.str(axis.value));
    Json outputs = Json::object();
    for (const Output& output : graph.outputs(id))
      outputs[json_text(graph.str(output.field))] = json_text(graph.str(output.path));
    nodes.push_back({{"label", json_text(label_of(graph, id))},
                     {"rule", json_text(graph.str(node.rule))},
                     {"axes", axes},
                     {"effect", (node.flags & node_flags::kEffect) != 0},
                     {"private", (node.flags & node_flags::kPrivate) != 0},
                     {"manifest", json_text(graph.str(node.manifest))},
                     {"line", node.line},
                     {"needs", json_labels(graph, needs.nodes)},
                     {"after", json_labels(graph, graph.after(id))},
                     {"reads", json_list(needs.paths)},
                     {"tools", json_list(needs.tools)},
                     {"outputs", outputs}});
  }
  return dump({{"nodes", nodes}});
}

}  // namespace

int graph_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return refuse(context);
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return refuse(context);
  const auto goals = choose_shown(context, *graph, *workspace, *labels);
  if (!goals) return refuse(context);
  const std::vector<NodeId> order = needed_order(*graph, *goals);
  const std::string& format = context.options.format;
  context.console.data(format == "dot"    ? dot_form(*graph, order)
                       : format == "json" ? json_form(*graph, order)
                                          : text_form(*graph, order));
  return kExitDone;
}

}  // namespace devgraph::cli
