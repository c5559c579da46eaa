#include "engine/exec/outside.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/exec/staging.h"
#include "engine/exec/tally.h"

namespace devgraph::exec {
namespace {

constexpr std::size_t kAtOnce = 16;  // They wait for the network, not for a processor.

const actions::Action* native_action(const Graph& graph, NodeId node) {
  const Node& row = graph.node(node);
  return row.kind == ActionKind::Native ? actions::find_action(graph.str(row.action)) : nullptr;
}

const actions::Action* probed_action(const Graph& graph, NodeId node) {
  const actions::Action* action = native_action(graph, node);
  return action != nullptr && action->holds != nullptr ? action : nullptr;
}

/// Calls `ask` with what an action is given that only looks.
template <class Ask>
auto with_context(Survey& survey, NodeId node, Ask ask) {
  const Graph& graph = survey.graph();
  const std::string& workspace = survey.look().workspace;
  static const std::atomic<bool> kNever{false};
  const actions::Context context{
      .graph = graph,
      .node = node,
      .files = survey.files(),
      .workspace = workspace,
      .scratch = workspace,  // Where helper programs stand; nothing is written.
      .path_of = [&](InputId id) { return input_path(graph, workspace, id); },
      .out_path =
          [&](std::size_t i) {
            return join_path(workspace, graph.str(graph.output(graph.output_id(node, i)).path));
          },
      .log = [](std::string_view) {},
      .stopping = kNever,
  };
  return ask(context);
}

/// Calls `ask` with each number below `count`, several at once.
void ask_all(std::size_t count, const std::function<void(std::size_t)>& ask) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++)
      ask(i);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(count, kAtOnce); ++i)
    threads.emplace_back(run);
  run();
  for (std::thread& thread : threads)
    thread.join();
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
