#include "engine/exec/outside.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/exec/staging.h"

namespace devgraph::exec {
namespace {

constexpr std::size_t kAtOnce = 16;  // They wait for the network, not for a processor.

const actions::Action* probed_action(const Graph& graph, NodeId node) {
  const Node& row = graph.node(node);
  if (row.kind != ActionKind::Native) return nullptr;
  const actions::Action* action = actions::find_action(graph.str(row.action));
  return action != nullptr && action->holds != nullptr ? action : nullptr;
}

}  // namespace

Result<bool> holds_outside(Survey& survey, NodeId node) {
  const Graph& graph = survey.graph();
  const actions::Action* action = probed_action(graph, node);
  if (action == nullptr) return true;
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
  return action->holds(context);
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
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < nodes.size(); i = next++)
      answers[i] = holds_outside(survey, nodes[i]);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(nodes.size(), kAtOnce); ++i)
    threads.emplace_back(run);
  run();
  for (std::thread& thread : threads)
    thread.join();

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
