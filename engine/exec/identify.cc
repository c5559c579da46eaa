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

}  // namespace devgraph::exec
