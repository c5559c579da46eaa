#include "engine/cli/pin_file.h"

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/graph/order.h"

namespace devgraph::cli {

std::optional<Pins> read_pins(Context& context, const lang::Workspace& workspace) {
  const std::string path = join_path(workspace.root, kPinsName);
  const Result<FileStat> stat = context.files.stat(path);
  if (stat && !stat->exists()) return Pins();
  const Result<std::string> text = context.files.read(path);
  Result<Pins> pins = text ? parse_pins(*text) : std::unexpected(text.error());
  if (pins) return *std::move(pins);
  add_fault(context, "E933", fmt::format("{} cannot be used: {}", kPinsName, pins.error().message),
            {"`devgraph pin` and `devgraph unpin` write it; without it nothing is pinned"});
  return std::nullopt;
}

Status write_pins(Files& files, const lang::Workspace& workspace, const Pins& pins) {
  const std::string path = join_path(workspace.root, kPinsName);
  constexpr std::uint32_t kMode = 0666;
  return pins.empty() ? files.remove(path) : files.write(path, show_pins(pins), kMode, true);
}

std::vector<NodeId> pinned_nodes(const Graph& graph, const std::vector<NodeId>& goals) {
  std::vector<NodeId> found;
  for (const NodeId id : needed_order(graph, goals)) {
    const Node& node = graph.node(id);
    if (node.kind == ActionKind::Native && graph.str(node.action) == "pin") found.push_back(id);
  }
  return found;
}

}  // namespace devgraph::cli
