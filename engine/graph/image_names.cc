#include "engine/graph/image_names.h"

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace devgraph {
namespace {

constexpr ValueId kNoValue{~0U};

/// A name that one node gives to one image.
struct Naming {
  std::string name;
  ValueId image = kNoValue;
};

ValueId arg(const Graph& graph, const Node& node, std::string_view name) {
  for (const Field& field : graph.fields(graph.value(node.args))) {
    if (graph.str(field.name) == name) return field.value;
  }
  return kNoValue;
}

std::vector<std::string> texts(const Graph& graph, ValueId list) {
  std::vector<std::string> found;
  if (list == kNoValue || graph.value(list).tag != ValueTag::List) return found;
  for (const ValueId item : graph.items(graph.value(list))) {
    const Value& value = graph.value(item);
    if (value.tag == ValueTag::Str) found.emplace_back(graph.str(StrId{value.a}));
  }
  return found;
}

bool has_tag(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return name.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
}

/// What makes the image: a node that is named as a whole and its `out` are the same.
std::uint32_t image_id(const Graph& graph, ValueId image) {
  const Value& value = graph.value(image);
  if (value.tag == ValueTag::Input) return graph.input(InputId{value.a}).ref;
  if (value.tag == ValueTag::Map) {
    for (const Field& field : graph.fields(value)) {
      if (graph.str(field.name) == "out") return image_id(graph, field.value);
    }
  }
  return ~0U;
}

void add_pushed(const Graph& graph, const Node& node, std::vector<Naming>& found) {
  const std::vector<std::string> tags = texts(graph, arg(graph, node, "tags"));
  const auto add = [&](const std::string& to, ValueId image) {
    if (has_tag(to)) found.push_back({to, image});
    for (const std::string& tag : tags) {
      std::string name = to;
      name += ':';
      name += tag;
      found.push_back({std::move(name), image});
    }
  };
  const ValueId image = arg(graph, node, "image");
  const ValueId images = arg(graph, node, "images");
  for (const std::string& to : texts(graph, arg(graph, node, "to"))) {
    if (image != kNoValue && graph.value(image).tag != ValueTag::None) add(to, image);
    if (images == kNoValue || graph.value(images).tag != ValueTag::Map) continue;
    for (const Field& one : graph.fields(graph.value(images)))
      add(to + "/" + std::string(graph.str(one.name)), one.value);
  }
}

std::vector<Naming> names_given(const Graph& graph, const Node& node) {
  std::vector<Naming> found;
  const std::string_view action = graph.str(node.action);
  if (action == "push") {
    add_pushed(graph, node, found);
  } else if (action == "docker_load" || action == "image_tag") {
    const ValueId image = arg(graph, node, "image");
    const ValueId hashed = arg(graph, node, "hashed");
    // A name with the image's digest in it is never that of another one.
    if (hashed != kNoValue && graph.value(hashed).tag == ValueTag::True) return found;
    for (std::string& name : texts(graph, arg(graph, node, "names")))
      found.push_back({std::move(name), image});
  }
  return found;
}

}  // namespace

std::string full_image_name(std::string name) {
  for (const std::string_view usual : {"docker.io/", "index.docker.io/", "library/"}) {
    if (name.starts_with(usual)) name.erase(0, usual.size());
  }
  return tagged_image_name(name);
}

std::string tagged_image_name(const std::string& name) {
  return has_tag(name) ? name : name + ":latest";
}

std::optional<ImageNameClash> find_image_name_clash(const Graph& graph) {
  struct Holder {
    NodeId node{};
    std::uint32_t image = 0;
  };
  std::map<std::string_view, std::unordered_map<std::string, Holder>> places;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId{i});
    if (node.kind != ActionKind::Native) continue;
    for (Naming& naming : names_given(graph, node)) {
      if (naming.image == kNoValue) continue;
      const Holder mine{NodeId{i}, image_id(graph, naming.image)};
      const auto [held, is_new] =
          places[graph.str(node.action)].try_emplace(full_image_name(naming.name), mine);
      if (is_new || held->second.image == mine.image) continue;
      return ImageNameClash{held->second.node, mine.node, std::move(naming.name)};
    }
  }
  return std::nullopt;
}

}  // namespace devgraph
