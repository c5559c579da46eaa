#include "engine/exec/failed_line.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/exec/stage.h"

namespace devgraph::exec {
namespace {

/// A line of the standard library is nobody's to mend: the place stays that of the user's node.
void take_line(const Graph& graph, const Script& script, std::size_t number, FailedLine& found) {
  const ScriptLine& line = graph.lines(script)[number];
  found.command = graph.str(line.shown);
  const std::string_view file = graph.str(script.file);
  if (file.starts_with("<std>/")) return;
  found.manifest = file;
  found.line = line.manifest_line;
}

}  // namespace

FailedLine failed_line(const Graph& graph, Files& files, NodeId node, const Command& command) {
  const Node& row = graph.node(node);
  FailedLine found{std::string(graph.str(row.manifest)), row.line, {}};
  if (row.kind == ActionKind::Script && !command.argv.empty()) {
    const Script& script = graph.script(row.script);
    const std::optional<std::uint32_t> line = last_line(files, command);
    if (line && *line < graph.lines(script).size()) take_line(graph, script, *line, found);
  } else if (row.kind == ActionKind::Exec) {
    const Script& script = graph.script(row.script);
    if (!graph.lines(script).empty()) {
      take_line(graph, script, 0, found);
    } else {
      // Of `argv`: the words as they were given.
      std::string_view head = trim(command.log_head);
      if (head.starts_with("$ ")) head.remove_prefix(2);
      found.command = head;
    }
  }
  return found;
}

void cut_tail(const FailedLine& failed, std::vector<std::string>& tail) {
  if (failed.command.empty()) return;
  const std::string echo = "$ " + failed.command;
  const auto last = std::find(tail.rbegin(), tail.rend(), echo);
  if (last == tail.rend()) return;
  if (last == tail.rbegin()) {
    tail.pop_back();
  } else {
    tail.erase(tail.begin(), last.base());
  }
}

}  // namespace devgraph::exec
