#pragma once
/// A graph of a few nodes without actions, for what only shows labels.

#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/builder.h"

namespace devgraph::cli {

struct SmallNode {
  std::string project;
  std::string name;
  std::vector<std::pair<std::string, std::string>> axes;
  std::string doc = {};
  std::uint32_t flags = 0;
  std::string refused = {};
  std::vector<unsigned> after = {};
};

/// Node i is the i-th; each is a target too, those of one name together.
inline Graph small_graph(const std::vector<SmallNode>& nodes) {
  GraphBuilder builder;
  std::vector<NodeId> ids;
  for (const SmallNode& small : nodes) {
    const NodeId id = builder.add_node();
    Node row;
    row.project = builder.str(small.project);
    row.name = builder.str(small.name);
    row.rule = builder.str("run");
    row.kind = ActionKind::Group;
    row.args = builder.map({});
    row.env = builder.map({});
    row.stdin_text = builder.none();
    row.within = builder.none();
    row.asks = builder.none();
    row.secrets = builder.map({});
    row.traits = builder.traits({});
    row.counts_with = id;
    row.manifest = builder.str("build.devgraph");
    row.line = 7;
    std::vector<AxisValue> axes;
    for (const auto& [axis, value] : small.axes)
      axes.push_back({builder.str(axis), builder.str(value)});
    row.axes = builder.axis_values(axes);
    row.flags = small.flags;
    row.refused = builder.str(small.refused);
    std::vector<NodeId> after;
    for (const unsigned other : small.after)
      after.push_back(NodeId(other));
    row.after = builder.node_ids(after);
    builder.set_node(id, row);
    ids.push_back(id);
  }
  for (std::size_t first = 0; first < nodes.size();) {
    std::size_t end = first;
    while (end < nodes.size() && nodes[end].name == nodes[first].name &&
           nodes[end].project == nodes[first].project) {
      ++end;
    }
    std::vector<StrId> axes;
    for (const auto& [axis, value] : nodes[first].axes)
      axes.push_back(builder.str(axis));
    Target target;
    target.kind = nodes[first].axes.empty() ? TargetKind::Node : TargetKind::Family;
    target.project = builder.str(nodes[first].project);
    target.name = builder.str(nodes[first].name);
    target.rule = builder.str("run");
    target.axis_names = builder.str_ids(axes);
    target.nodes = builder.node_ids({ids.begin() + static_cast<std::ptrdiff_t>(first),
                                     ids.begin() + static_cast<std::ptrdiff_t>(end)});
    target.doc = builder.str(nodes[first].doc);
    builder.add_target(target);
    first = end;
  }
  for (const SmallNode& small : nodes)
    builder.add_project(small.project);
  builder.set_out_root("out");
  return builder.finish();
}

}  // namespace devgraph::cli
