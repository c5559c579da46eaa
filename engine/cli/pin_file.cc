#include "engine/cli/pin_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"
#include "engine/graph/label.h"
#include "engine/graph/order.h"

namespace devgraph::cli {
namespace {

bool is_lost(const Graph& graph, const std::string& label) {
  Result<LabelPattern> pattern = parse_label(label, "");
  if (!pattern) return false;
  // Cells that a build finds may not be known yet.
  if (has_waiting(graph)) pattern->axes.clear();
  const bool is_loaded = std::ranges::any_of(graph.targets(), [&](const Target& target) {
    return graph.str(target.project) == pattern->project;
  });
  return is_loaded && !select(graph, *pattern);
}

/// None, too, where nobody listens, or the file cannot be read: that is told by who uses it.
Pins pins_to_tell(Context& context, const lang::Workspace& workspace) {
  const std::string path = join_path(workspace.root, kPinsName);
  const Result<FileStat> stat = context.files.stat(path);
  if (context.console.quiet || !stat || !stat->exists()) return {};
  const Result<std::string> text = context.files.read(path);
  const Result<Pins> pins = text ? parse_pins(*text) : std::unexpected(text.error());
  return pins.value_or(Pins());
}

}  // namespace

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

void say_pins(Context& context, const lang::Workspace& workspace, const Graph& graph,
              const std::vector<NodeId>& goals) {
  const Pins pins = pins_to_tell(context, workspace);
  if (pins.empty()) return;
  for (const NodeId id : pinned_nodes(graph, goals)) {
    const std::string label = label_of(graph, id);
    const auto held = pins.find(label);
    if (held == pins.end()) continue;
    context.console.talk(
        fmt::format("pinned: {} to {}\n", printable(label), printable(in_words(held->second))));
  }
}

void say_lost_pins(Context& context, const lang::Workspace& workspace, const Graph& graph) {
  const Pins pins = pins_to_tell(context, workspace);
  for (const auto& [label, pin] : pins) {
    if (!is_lost(graph, label)) continue;
    context.console.talk(
        fmt::format("warning: {} is pinned, and no node is called so\n   = "
                    "`devgraph unpin {}` drops the pin\n",
                    printable(label), shell_word(label)));
  }
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
