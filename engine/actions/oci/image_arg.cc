#include "engine/actions/oci/image_arg.h"

namespace devgraph::oci {

namespace {

using actions::Context;
using Texts = std::vector<std::string>;

/// A node stands for its `out`; a record says it.
std::optional<InputId> layout_of(const Graph& graph, const Value& value) {
  if (value.tag == ValueTag::Input) return InputId{value.a};
  if (value.tag != ValueTag::Map) return std::nullopt;
  for (const Field& field : graph.fields(value)) {
    if (graph.str(field.name) == "out") return layout_of(graph, graph.value(field.value));
  }
  return std::nullopt;
}

void collect(const Graph& graph, const Value& value, std::vector<InputId>& found) {
  if (value.tag == ValueTag::List) {
    for (const ValueId item : graph.items(value))
      collect(graph, graph.value(item), found);
  } else if (const std::optional<InputId> layout = layout_of(graph, value)) {
    found.push_back(*layout);
  }
}

std::string text_of(const Graph& graph, const Value& value) {
  return value.tag == ValueTag::Str ? std::string(graph.str(StrId{value.a})) : std::string();
}

Texts texts_of(const Graph& graph, const Value& value) {
  Texts made;
  for (const ValueId item : graph.items(value))
    made.push_back(text_of(graph, graph.value(item)));
  return made;
}

ConfigChange::Pairs pairs_of(const Graph& graph, const Value& value) {
  ConfigChange::Pairs made;
  if (value.tag != ValueTag::Map) return made;
  for (const Field& field : graph.fields(value))
    made.emplace_back(graph.str(field.name), text_of(graph, graph.value(field.value)));
  return made;
}

}  // namespace

std::optional<InputId> image_arg(const Context& context, std::string_view name) {
  const std::vector<InputId> found = images_arg(context, name);
  if (found.empty()) return std::nullopt;
  return found[0];
}

std::optional<InputId> layout_input(const Graph& graph, ValueId value) {
  return layout_of(graph, graph.value(value));
}

std::vector<InputId> images_arg(const Context& context, std::string_view name) {
  std::vector<InputId> found;
  if (const std::optional<ValueId> value = actions::find_arg(context, name)) {
    collect(context.graph, context.graph.value(*value), found);
  }
  return found;
}

ConfigChange::Pairs pairs_arg(const Context& context, std::string_view name) {
  const std::optional<ValueId> value = actions::find_arg(context, name);
  if (!value) return {};
  return pairs_of(context.graph, context.graph.value(*value));
}

ConfigChange config_arg(const Context& context, std::string_view name) {
  const Graph& graph = context.graph;
  ConfigChange change;
  for (const auto& [key, id] : actions::map_arg(context, name)) {
    const Value& value = graph.value(id);
    if (value.tag == ValueTag::None) continue;
    if (key == "user") change.user = text_of(graph, value);
    if (key == "workdir") change.workdir = text_of(graph, value);
    if (key == "entrypoint") change.entrypoint = texts_of(graph, value);
    if (key == "cmd") change.cmd = texts_of(graph, value);
    if (key == "env") change.env = pairs_of(graph, value);
    if (key == "labels") change.labels = pairs_of(graph, value);
    if (key == "ports") change.ports = texts_of(graph, value);
    if (key == "volumes") change.volumes = texts_of(graph, value);
  }
  return change;
}

Status write_digest(const Context& context, const Descriptor& image) {
  return context.files.write(context.out_path(1), show(image.digest) + "\n", 0644, false);
}

}  // namespace devgraph::oci
