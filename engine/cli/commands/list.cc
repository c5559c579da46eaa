#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/std_signatures.h"

namespace devgraph::cli {
namespace {

std::string_view kind_name(TargetKind kind) {
  switch (kind) {
    case TargetKind::Node:
      return "node";
    case TargetKind::Family:
      return "family";
    case TargetKind::Instance:
      return "instance";
    case TargetKind::Let:
      return "let";
  }
  return {};
}

/// A target, and those of its nodes that are asked for.
struct Shown {
  const Target* target = nullptr;
  std::vector<NodeId> nodes;
};

/// The values that each axis takes, in the order in which the cells have them.
std::vector<std::pair<std::string, std::vector<std::string>>> axis_values(const Graph& graph,
                                                                          const Shown& shown) {
  std::vector<std::pair<std::string, std::vector<std::string>>> axes;
  for (const StrId axis : graph.axis_names(*shown.target)) {
    std::vector<std::string> values;
    std::set<std::string_view> seen;
    for (const NodeId id : shown.nodes) {
      for (const AxisValue& have : graph.axes(id)) {
        if (have.axis != axis || !seen.insert(graph.str(have.value)).second) continue;
        values.emplace_back(graph.str(have.value));
      }
    }
    axes.emplace_back(graph.str(axis), std::move(values));
  }
  return axes;
}

bool names(const LabelPattern& label, const Graph& graph, const Target& target) {
  const std::string_view project = graph.str(target.project);
  const bool there =
      label.below ? is_within(project, label.project) : wildcard_match(label.project, project);
  return there && (label.name.empty() || wildcard_match(label.name, graph.str(target.name)));
}

/// What the labels name of a target; without labels, and of an empty family, it is all.
std::optional<Shown> shown_of(const Graph& graph, const Target& target,
                              const lang::Workspace& workspace,
                              std::span<const LabelPattern> labels) {
  const auto all = graph.nodes(target);
  Shown shown{.target = &target, .nodes = {all.begin(), all.end()}};
  // A late family without cells leads to the nodes that decide about them.
  if (target.kind == TargetKind::Family) {
    std::erase_if(shown.nodes, [&](NodeId id) { return graph.node(id).name != target.name; });
  }
  if (labels.empty()) {
    if (!is_within(graph.str(target.project), workspace.project)) return std::nullopt;
    return shown;
  }
  bool named = false;
  std::erase_if(shown.nodes, [&](NodeId id) {
    return std::none_of(labels.begin(), labels.end(), [&](const LabelPattern& label) {
      return names(label, graph, target) && axes_match(graph, label, id);
    });
  });
  for (const LabelPattern& label : labels)
    named = named || (label.axes.empty() && names(label, graph, target));
  if (!named && shown.nodes.empty()) return std::nullopt;
  return shown;
}

std::vector<Shown> shown_targets(const Graph& graph, const lang::Workspace& workspace,
                                 std::span<const LabelPattern> labels) {
  std::vector<Shown> targets;
  for (const Target& target : graph.targets()) {
    if (std::optional<Shown> shown = shown_of(graph, target, workspace, labels))
      targets.push_back(*std::move(shown));
  }
  std::stable_sort(targets.begin(), targets.end(), [&](const Shown& a, const Shown& b) {
    return graph.str(a.target->project) < graph.str(b.target->project);
  });
  return targets;
}

bool is_effect(const Graph& graph, const Target& target) {
  const auto nodes = graph.nodes(target);
  return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [&](NodeId id) {
    return (graph.node(id).flags & node_flags::kEffect) != 0;
  });
}

/// Of a family that of the first node that is shown.
std::string_view doc_of(const Graph& graph, const Shown& shown) {
  const Target& target = *shown.target;
  if (target.kind == TargetKind::Family && !shown.nodes.empty()) {
    const Node& first = graph.node(shown.nodes.front());
    // While its values are not known, a family shows the node that decides them.
    if (first.project == target.project && first.name == target.name) return graph.str(first.doc);
  }
  return graph.str(target.doc);
}

struct Row {
  std::string label, rule, count, doc;
};

Row row_of(const Graph& graph, const Shown& shown) {
  const Target& target = *shown.target;
  Row row;
  row.label = printable(label_of(graph, target));
  row.rule = target.kind == TargetKind::Let ? "let" : printable(graph.str(target.rule));
  std::string axes;
  for (const auto& [axis, values] : axis_values(graph, shown))
    axes += fmt::format("{}{}", axes.empty() ? "" : ", ", printable(axis));
  const bool is_known = std::none_of(shown.nodes.begin(), shown.nodes.end(), [&](NodeId id) {
    return graph.node(id).late != StrId{} && graph.node(id).axes.count != 0;
  });
  row.count = is_known ? fmt::format("{}", shown.nodes.size()) : std::string(kUnknownValue);
  if (!axes.empty()) row.count += fmt::format(" by {}", axes);
  const std::string_view doc = doc_of(graph, shown);
  row.doc = printable(doc.substr(0, doc.find('\n')));
  if (is_effect(graph, target)) row.doc = row.doc.empty() ? "(effect)" : "(effect) " + row.doc;
  return row;
}

std::string table(const std::vector<Row>& rows) {
  std::size_t label = 0;
  std::size_t rule = 0;
  std::size_t count = 0;
  for (const Row& row : rows) {
    label = std::max<std::size_t>(label, text_width(row.label));
    rule = std::max<std::size_t>(rule, text_width(row.rule));
    count = std::max<std::size_t>(count, text_width(row.count));
  }
  const auto pad = [](const std::string& text, std::size_t width) {
    return text + std::string(width - text_width(text), ' ');
  };
  std::string text;
  for (const Row& row : rows) {
    std::string line = fmt::format("{}  {}  {}  {}", pad(row.label, label), pad(row.rule, rule),
                                   pad(row.count, count), row.doc);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

Json json_of(const Graph& graph, const Shown& shown) {
  const Target& target = *shown.target;
  Json axes = Json::object();
  for (const auto& [axis, values] : axis_values(graph, shown)) {
    Json list = Json::array();
    for (const std::string& value : values)
      list.push_back(json_text(value));
    axes[json_text(axis)] = list;
  }
  return {{"label", json_text(label_of(graph, target))},
          {"kind", kind_name(target.kind)},
          {"rule", json_text(graph.str(target.rule))},
          {"axes", axes},
          {"nodes", shown.nodes.size()},
          {"effect", is_effect(graph, target)},
          {"doc", json_text(doc_of(graph, shown))},
          {"manifest", json_text(graph.str(target.manifest))},
          {"line", target.line}};
}

int list_std(Context& context) {
  const std::vector<std::string> wanted(context.options.words.begin() + 1,
                                        context.options.words.end());
  const std::vector<StdRule> rules = std_rules();
  std::vector<std::string> names;
  names.reserve(rules.size());
  for (const StdRule& rule : rules)
    names.push_back(rule.name);
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::vector<std::string> helps = {"`devgraph list std` prints all of them"};
    if (const auto near = nearest(name, names)) {
      helps.insert(helps.begin(), fmt::format("did you mean `{}`", *near));
    }
    add_fault(context, "E906",
              fmt::format("the standard library has no rule `{}`", printable(name)),
              std::move(helps));
  }
  if (context.found.has_errors()) return refuse(context);
  Json list = Json::array();
  std::string text;
  for (const StdRule& rule : rules) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), rule.name) == wanted.end()) {
      continue;
    }
    if (!text.empty()) text += '\n';
    std::string doc;
    for (const std::string& line : rule.doc) {
      text += fmt::format("## {}\n", line);
      doc += (doc.empty() ? "" : "\n") + line;
    }
    if (!rule.runs) text += "## (This version of devgraph checks it, and cannot run it.)\n";
    text += rule.signature + "\n";
    list.push_back({{"rule", rule.name},
                    {"file", rule.file},
                    {"effect", rule.effect},
                    {"runs", rule.runs},
                    {"signature", rule.signature},
                    {"doc", doc}});
  }
  context.console.data(context.options.format == "json" ? dump(list) : text);
  return kExitDone;
}

}  // namespace

int list_command(Context& context) {
  if (!context.options.words.empty() && context.options.words[0] == "std") return list_std(context);
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return refuse(context);
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return refuse(context);
  for (const LabelPattern& label : *labels) {
    if (!shown_targets(*graph, *workspace, {&label, 1}).empty()) continue;
    const Result<std::vector<NodeId>> none = select(*graph, label);
    add_fault(context, "E906", none ? "no label is selected" : none.error().message,
              {"`devgraph list //...` prints all labels of the workspace"});
  }
  if (context.found.has_errors()) return refuse(context);
  const std::vector<Shown> targets = shown_targets(*graph, *workspace, *labels);
  if (context.options.format == "json") {
    Json list = Json::array();
    for (const Shown& shown : targets)
      list.push_back(json_of(*graph, shown));
    context.console.data(dump(list));
    return kExitDone;
  }
  std::vector<Row> rows;
  rows.reserve(targets.size());
  for (const Shown& shown : targets)
    rows.push_back(row_of(*graph, shown));
  context.console.data(table(rows));
  return kExitDone;
}

}  // namespace devgraph::cli
