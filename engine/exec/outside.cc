#include "engine/exec/outside.h"

#include <fmt/format.h>

#include "engine/actions/action.h"
#include "engine/exec/asking.h"
#include "engine/exec/tally.h"

namespace devgraph::exec {
namespace {

const actions::Action* native_action(const Graph& graph, NodeId node) {
  const Node& row = graph.node(node);
  return row.kind == ActionKind::Native ? actions::find_action(graph.str(row.action)) : nullptr;
}

const actions::Action* probed_action(const Graph& graph, NodeId node) {
  const actions::Action* action = native_action(graph, node);
  return action != nullptr && action->holds != nullptr ? action : nullptr;
}

template <class Ask>
auto with_context(Survey& survey, NodeId node, Ask ask) {
  return with_asking_context(survey.graph(), survey.files(), survey.look().workspace, node, ask);
}

}  // namespace

Result<bool> holds_outside(Survey& survey, NodeId node) {
  const actions::Action* action = probed_action(survey.graph(), node);
  if (action == nullptr) return true;
  return with_context(survey, node,
                      [&](const actions::Context& context) { return action->holds(context); });
}

std::vector<NotReady> refused_outside(Survey& survey) {
  const Graph& graph = survey.graph();
  const IdVec<NodeId, std::uint8_t> stale = stale_nodes(survey);
  std::vector<NodeId> nodes;
  for (const NodeId id : survey.order()) {
    const actions::Action* action = native_action(graph, id);
    if (stale[id] != 0 && action != nullptr && action->ready != nullptr) nodes.push_back(id);
  }
  std::vector<Status> answers(nodes.size());
  ask_all(nodes.size(), [&](std::size_t i) {
    const actions::Action* action = native_action(graph, nodes[i]);
    answers[i] = with_context(
        survey, nodes[i], [&](const actions::Context& context) { return action->ready(context); });
  });
  std::vector<NotReady> refused;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!answers[i]) refused.push_back({nodes[i], answers[i].error().message});
  }
  return refused;
}

std::vector<std::string> look_outside(Survey& survey, bool far) {
  const Graph& graph = survey.graph();
  std::vector<NodeId> nodes;
  for (const NodeId id : survey.order()) {
    if (survey.verdict(id) != Verdict::Fresh) continue;
    const actions::Action* action = probed_action(graph, id);
    if (action != nullptr && (far || action->is_near)) nodes.push_back(id);
  }
  std::vector<Result<bool>> answers(nodes.size(), Result<bool>(true));
  ask_all(nodes.size(), [&](std::size_t i) { answers[i] = holds_outside(survey, nodes[i]); });

  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!answers[i]) {
      unknown.push_back(fmt::format("cannot ask whether what {} made is still there: {}",
                                    label_of(graph, nodes[i]), answers[i].error().message));
    } else if (!*answers[i]) {
      survey.set_gone(nodes[i]);
    }
  }
  return unknown;
}

}  // namespace devgraph::exec
