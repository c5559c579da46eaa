#include "tests/unit/lang/load_support.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace devgraph {

LoadedWorkspace::LoadedWorkspace() {
  options.workspace = "/ws";
  options.environment = {{"PATH", "/bin"}};
  options.jobs = 1;
}

bool LoadedWorkspace::load() {
  found = Diagnostics();
  graph = lang::load(sources, files, options, found);
  return graph.has_value();
}

std::string LoadedWorkspace::errors() const {
  Diagnostics sorted = found;
  sorted.sort(sources);
  return render_text(sorted, sources, false);
}

NodeId LoadedWorkspace::node(const std::string& label) const {
  REQUIRE_MESSAGE(graph.has_value(), errors());
  for (std::uint32_t i = 0; i < graph->node_count(); ++i) {
    if (label_of(*graph, NodeId(i)) == label) return NodeId(i);
  }
  FAIL("no node " << label);
  return {};
}

std::string LoadedWorkspace::show(ValueId id) const {
  const Value& value = graph->value(id);
  const auto join = [&](const char* open, const char* separator, const char* close) {
    std::string text = open;
    bool first = true;
    for (const ValueId item : graph->items(value)) {
      text += (first ? "" : separator) + show(item);
      first = false;
    }
    return text + close;
  };
  switch (value.tag) {
    case ValueTag::None:
      return "none";
    case ValueTag::False:
      return "false";
    case ValueTag::True:
      return "true";
    case ValueTag::Int:
      return fmt::format("{}",
                         static_cast<std::int64_t>((std::uint64_t{value.b} << 32U) | value.a));
    case ValueTag::Str:
      return fmt::format("'{}'", graph->str(StrId(value.a)));
    case ValueTag::Input:
      return fmt::format("<{}", graph->str(graph->input(InputId(value.a)).name));
    case ValueTag::Out:
      return fmt::format(">{}", value.a);
    case ValueTag::List:
      return join("[", " ", "]");
    case ValueTag::Join:
      return join("", "+", "");
    case ValueTag::Rsp:
      return join("@[", " ", "]");
    case ValueTag::Text:
      return fmt::format("text(<{})", graph->str(graph->input(InputId(value.a)).name));
    case ValueTag::Secret:
      return fmt::format("secret({},{})", graph->str(StrId(value.a)), value.b);
    case ValueTag::Map:
      break;
  }
  std::string text = "{";
  for (const Field& field : graph->fields(value)) {
    text += fmt::format(" {} = {}", graph->str(field.name), show(field.value));
  }
  return text + " }";
}

std::string LoadedWorkspace::args(const std::string& label) const {
  return show(graph->node(node(label)).args);
}

std::string LoadedWorkspace::env(const std::string& label) const {
  return show(graph->node(node(label)).env);
}

std::string LoadedWorkspace::inputs(const std::string& label) const {
  std::string text;
  for (const InputId id : graph->inputs(node(label))) {
    const Input& input = graph->input(id);
    text += (text.empty() ? "" : " ") + std::string(graph->str(input.name));
    if (input.kind == InputKind::Tool) text += "=";
  }
  return text;
}

std::string LoadedWorkspace::outputs(const std::string& label) const {
  std::string text;
  for (const Output& output : graph->outputs(node(label))) {
    text += (text.empty() ? "" : " ") + std::string(graph->str(output.path));
    if (output.kind == OutputKind::Tree) text += "/";
  }
  return text;
}

std::string LoadedWorkspace::after(const std::string& label) const {
  std::string text;
  for (const NodeId id : graph->after(node(label))) {
    text += (text.empty() ? "" : " ") + label_of(*graph, id);
  }
  return text;
}

}  // namespace devgraph
