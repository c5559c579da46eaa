#include "engine/exec/identify.h"

#include "engine/actions/action.h"
#include "engine/actions/natives.h"
#include "engine/base/parallel_rows.h"
#include "engine/plan/key.h"

namespace devgraph::exec {

unsigned action_version(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.kind != ActionKind::Native) return 0;
  const actions::Action* action = actions::find_action(graph.str(node.action));
  if (action == nullptr) return 0;
  return action->version + (action->compresses ? actions::compressor_version() : 0);
}

IdVec<NodeId, Identity> identify(const Graph& graph) {
  IdVec<NodeId, Identity> rows(graph.node_count());
  for_rows(graph.node_count(), [&](std::size_t i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    rows[id].label = digest_of(label_of(graph, id));
    if (graph.node(id).kind == ActionKind::Group) return;
    rows[id].static_key = plan::static_key(graph, id, action_version(graph, id));
  });
  return rows;
}

std::set<std::string_view> undecided_projects(const Graph& graph) {
  std::set<std::string_view> found;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId{i});
    if (node.late != StrId{}) found.insert(graph.str(node.project));
  }
  return found;
}

std::string_view project_of(std::string_view label) {
  const std::size_t colon = label.find(':');
  return label.starts_with("//") && colon != label.npos ? label.substr(2, colon - 2) : label;
}

}  // namespace devgraph::exec
