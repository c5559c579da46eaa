#include "engine/cli/goals.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/render.h"
#include "engine/graph/order.h"

namespace devgraph::cli {
namespace {

constexpr std::size_t kMostNamed = 20;

bool is_effect(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kEffect) != 0;
}

void sort_unique(std::vector<NodeId>& nodes) {
  if (!std::is_sorted(nodes.begin(), nodes.end())) std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
}

/// The nodes that a list of `--only` or `--except` selects.
std::optional<std::vector<NodeId>> selected_by(Context& context, const Graph& graph,
                                               const lang::Workspace& workspace,
                                               std::span<const std::string> words) {
  const std::optional<std::vector<LabelPattern>> labels = parse_labels(context, workspace, words);
  if (!labels) return std::nullopt;
  return select_nodes(context, graph, *labels);
}

bool narrow(Context& context, const Graph& graph, const lang::Workspace& workspace,
            std::vector<NodeId>& goals) {
  const Options& options = context.options;
  const auto filter = [&](const std::vector<std::string>& words, bool keep) {
    if (words.empty()) return true;
    const std::optional<std::vector<NodeId>> nodes = selected_by(context, graph, workspace, words);
    if (!nodes) return false;
    std::erase_if(goals, [&](NodeId id) {
      return std::binary_search(nodes->begin(), nodes->end(), id) != keep;
    });
    return true;
  };
  if (!filter(options.only, true) || !filter(options.except, false)) return false;
  if (!goals.empty() || (options.only.empty() && options.except.empty())) return true;
  add_fault(context, "E906", "with --only and --except nothing is left to build",
            {"they choose among the labels given, or among `default`"});
  return false;
}

/// What an effect would need built first, so that the user can at least build that.
std::string needed_labels(const Graph& graph, NodeId effect) {
  std::vector<NodeId> needed;
  for (const InputId input : graph.inputs(effect)) {
    const std::optional<NodeId> producer = graph.producer(input);
    if (producer && !is_effect(graph, *producer))
      needed.push_back(graph.node(*producer).counts_with);
  }
  sort_unique(needed);
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, needed.size()); ++i)
    text += fmt::format(" {}", shell_word(label_of(graph, needed[i])));
  return text;
}

void refuse_effect(Context& context, const Graph& graph, NodeId effect) {
  std::vector<std::string> helps = {fmt::format(
      "`devgraph build` changes nothing outside the workspace; write  devgraph release {}",
      shell_word(label_of(graph, effect)))};
  const std::string needed = needed_labels(graph, effect);
  if (!needed.empty()) {
    helps.push_back(fmt::format("to build what it needs, write  devgraph build{}", needed));
  }
  add_fault(context, "E907", fmt::format("`{}` is an effect", shown_label(graph, effect)),
            std::move(helps));
}

}  // namespace

std::optional<std::vector<NodeId>> select_nodes(Context& context, const Graph& graph,
                                                std::span<const LabelPattern> labels) {
  std::vector<NodeId> nodes;
  bool good = true;
  for (const LabelPattern& label : labels) {
    const Result<std::vector<NodeId>> found = select(graph, label);
    if (found) {
      nodes.insert(nodes.end(), found->begin(), found->end());
    } else {
      add_fault(context, "E906", found.error().message,
                {"`devgraph list` prints the labels there are"});
      good = false;
    }
  }
  if (!good) return std::nullopt;
  sort_unique(nodes);
  return nodes;
}

bool refuse_impossible(Context& context, const Graph& graph, const std::vector<NodeId>& goals) {
  std::size_t count = 0;
  for (const NodeId id : needed_order(graph, goals)) {
    const Node& node = graph.node(id);
    if (graph.str(node.refused).empty()) continue;
    if (++count > kMostNamed) continue;
    add_fault(context, "E911",
              fmt::format("`{}` cannot be built: {}", shown_label(graph, id),
                          printable(graph.str(node.refused))),
              {fmt::format("declared at {}:{}", printable(graph.str(node.manifest)), node.line)});
  }
  return count == 0;
}

std::vector<NodeId> default_nodes(const Graph& graph, const lang::Workspace& workspace) {
  // Often all nodes, in the order of their names: marking costs less than sorting.
  IdVec<NodeId, std::uint8_t> taken(graph.node_count());
  const auto take = [&](const Target& target) {
    for (const NodeId id : graph.nodes(target)) {
      if (!is_effect(graph, id)) taken[id] = 1;
    }
  };
  bool has_default = false;
  for (const Target& target : graph.targets()) {
    if (graph.str(target.name) != "default" || graph.str(target.project) != workspace.project) {
      continue;
    }
    take(target);
    has_default = true;
  }
  if (!has_default) {
    for (const Target& target : graph.targets()) {
      if (is_within(graph.str(target.project), workspace.project)) take(target);
    }
  }
  std::vector<NodeId> nodes;
  for (std::uint32_t i = 0; i < taken.size(); ++i) {
    if (taken[NodeId{i}] != 0) nodes.push_back(NodeId{i});
  }
  return nodes;
}

std::optional<std::vector<NodeId>> choose_goals(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels) {
  std::vector<NodeId> goals;
  if (labels.empty()) {
    goals = default_nodes(graph, workspace);
  } else {
    std::optional<std::vector<NodeId>> selected = select_nodes(context, graph, labels);
    if (!selected) return std::nullopt;
    goals = std::move(*selected);
  }
  if (!narrow(context, graph, workspace, goals)) return std::nullopt;
  std::size_t effects = 0;
  for (const NodeId id : goals) {
    if (is_effect(graph, id) && ++effects <= kMostNamed) refuse_effect(context, graph, id);
  }
  if (effects > 0 || !refuse_impossible(context, graph, goals)) return std::nullopt;
  return goals;
}

std::optional<std::vector<NodeId>> choose_shown(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels) {
  if (labels.empty()) return default_nodes(graph, workspace);
  return select_nodes(context, graph, labels);
}

}  // namespace devgraph::cli
