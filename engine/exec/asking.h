#pragma once
/// Asking about the world outside: many questions at once, with what an action needs to ask.

#include <atomic>
#include <functional>
#include <string>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/exec/staging.h"

namespace devgraph::exec {

/// Calls `ask` with each number below `count`, several at once: they wait for the network, not for
/// a processor.
void ask_all(std::size_t count, const std::function<void(std::size_t)>& ask);

/// What an action is given that only looks: helper programs stand in the workspace, and nothing is
/// written.
template <class Ask>
auto with_asking_context(const Graph& graph, Files& files, const std::string& workspace,
                         NodeId node, Ask ask) {
  static const std::atomic<bool> kNever{false};
  actions::Context context{
      .graph = graph,
      .node = node,
      .files = files,
      .workspace = workspace,
      .scratch = workspace,
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

}  // namespace devgraph::exec
