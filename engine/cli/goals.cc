#include "engine/cli/goals.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/effect_goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/node_place.h"
#include "engine/cli/render.h"
#include "engine/exec/owned.h"
#include "engine/exec/release.h"
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

/// What makes a node an effect that is none by its rule: an effect that it reads or stands behind.
std::string why_effect(const Graph& graph, NodeId node) {
  for (const NodeId before : graph.after(node)) {
    if (is_effect(graph, before))
      return fmt::format("comes after the effect `{}`", shown_label(graph, before));
  }
  for (const InputId input : graph.inputs(node)) {
    const std::optional<NodeId> producer = graph.producer(input);
    if (producer && is_effect(graph, *producer))
      return fmt::format("reads what the effect `{}` leaves", shown_label(graph, *producer));
  }
  return "changes something outside the workspace";
}

void refuse_effect(Context& context, const Graph& graph, const std::string& root, NodeId effect) {
  const std::string label = shown_label(graph, effect);
  const std::string word = shell_word(label_of(graph, effect));
  const std::string& command = context.options.command;
  Diagnostic fault{.code = "E907", .message = {}, .where = {}, .also = {}, .helps = {}};
  if (exec::is_freeze(graph, effect)) {
    fault.message =
        fmt::format("`{}` copies into the tree, which `devgraph {}` does not", label, command);
    fault.helps.push_back(fmt::format("to build and copy it, write  devgraph freeze {}", word));
    add_fault_at(context, {graph, effect, root}, std::move(fault), "a node of `freeze`");
    return;
  }
  const bool looks = command == "check";
  fault.message =
      looks ? fmt::format("`{}` is an effect, and what it left is outside the workspace", label)
            : fmt::format("`{}` is an effect, and `devgraph {}` carries none out", label, command);
  if (looks) {
    fault.helps.push_back(
        fmt::format("to ask its target, write  devgraph check --remote {}", word));
  } else {
    fault.helps.push_back(fmt::format("to carry it out, write  devgraph release {}", word));
  }
  const std::string needed = needed_labels(graph, effect);
  if (!needed.empty()) {
    const char* verb = looks ? "check" : "build";
    fault.helps.push_back(
        fmt::format("to {0} what it needs, write  devgraph {0}{1}", verb, needed));
  }
  add_fault_at(context, {graph, effect, root}, std::move(fault), why_effect(graph, effect));
}

/// In the current project and below.
std::vector<NodeId> flagged_below(const Graph& graph, const lang::Workspace& workspace,
                                  std::uint32_t flag) {
  std::vector<NodeId> nodes;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(NodeId{i});
    const bool is_meant = (node.flags & flag) != 0 && (node.flags & node_flags::kPrivate) == 0;
    if (is_meant && is_within(graph.str(node.project), workspace.project))
      nodes.push_back(NodeId{i});
  }
  return nodes;
}

bool is_open(const LabelPattern& label) {
  return label.name.empty() || label.name.find('*') != label.name.npos;
}

/// What a pattern with `*` or without a name selects; such patterns leave effects out elsewhere.
std::vector<NodeId> flagged_by_pattern(const Graph& graph, const LabelPattern& label,
                                       std::uint32_t flag) {
  std::vector<NodeId> found;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const NodeId id{i};
    const Node& node = graph.node(id);
    const std::string_view project = graph.str(node.project);
    const bool in_project =
        label.below ? is_within(project, label.project) : wildcard_match(label.project, project);
    const bool named = label.name.empty() || wildcard_match(label.name, graph.str(node.name));
    const bool is_private = (node.flags & node_flags::kPrivate) != 0;
    if ((node.flags & flag) != 0 && !is_private && in_project && named &&
        axes_match(graph, label, id)) {
      found.push_back(id);
    }
  }
  return found;
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

bool may_build(Context& context, const Graph& graph, const lang::Workspace& workspace,
               std::vector<NodeId>& goals) {
  sort_unique(goals);
  if (!narrow(context, graph, workspace, goals)) return false;
  std::size_t effects = 0;
  for (const NodeId id : goals) {
    if (is_effect(graph, id) && ++effects <= kMostNamed)
      refuse_effect(context, graph, workspace.root, id);
  }
  return effects == 0 && refuse_impossible(context, graph, goals);
}

namespace {

/// Naming an instance, or a `let`, means what of it is no effect; an effect by itself stays, and is
/// refused where it cannot be. `keeps`: effects that stay in any case.
std::optional<std::vector<NodeId>> choose_built(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels,
                                                const std::function<bool(NodeId)>& keeps) {
  if (labels.empty()) return default_nodes(graph, workspace);
  std::vector<NodeId> goals;
  bool good = true;
  for (const LabelPattern& label : labels) {
    std::optional<std::vector<NodeId>> found = select_nodes(context, graph, std::span(&label, 1));
    good = good && found;
    if (!found) continue;
    const bool any = std::ranges::any_of(*found, [&](NodeId id) { return !is_effect(graph, id); });
    if (any) std::erase_if(*found, [&](NodeId id) { return is_effect(graph, id) && !keeps(id); });
    goals.insert(goals.end(), found->begin(), found->end());
  }
  if (!good) return std::nullopt;
  sort_unique(goals);
  return goals;
}

}  // namespace

std::optional<std::vector<NodeId>> choose_goals(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels) {
  std::optional<std::vector<NodeId>> goals =
      choose_built(context, graph, workspace, labels, [](NodeId) { return false; });
  if (!goals || !may_build(context, graph, workspace, *goals)) return std::nullopt;
  return goals;
}

namespace {

/// Of what is named, effects are to be asked for outside, and what they need is looked at.
bool take_effects(Context& context, const Graph& graph, const lang::Workspace& workspace,
                  std::span<const LabelPattern> labels, Checked& checked) {
  const auto named = released_nodes(context, graph, workspace, labels);
  if (!named) return false;
  checked.effects = exec::effects_of(graph, *named);
  std::erase_if(checked.goals, [&](NodeId id) { return is_effect(graph, id); });
  const std::vector<NodeId> needs = exec::needs_of_effects(graph, checked.effects);
  checked.goals.insert(checked.goals.end(), needs.begin(), needs.end());
  return true;
}

}  // namespace

std::optional<Checked> choose_checked(Context& context, const Graph& graph,
                                      const lang::Workspace& workspace,
                                      std::span<const LabelPattern> labels) {
  std::optional<std::vector<NodeId>> goals = choose_built(
      context, graph, workspace, labels, [&](NodeId id) { return exec::is_freeze(graph, id); });
  if (!goals) return std::nullopt;
  Checked checked;
  checked.goals = *std::move(goals);
  if (labels.empty()) {
    checked.frozen = flagged_below(graph, workspace, node_flags::kFreeze);
  } else {
    for (const NodeId id : checked.goals) {
      if (exec::is_freeze(graph, id)) checked.frozen.push_back(id);
    }
    std::erase_if(checked.goals, [&](NodeId id) { return exec::is_freeze(graph, id); });
    for (const NodeId id : checked.frozen) {
      const std::vector<NodeId> needs = exec::direct_needs(graph, id);
      checked.goals.insert(checked.goals.end(), needs.begin(), needs.end());
    }
    const bool asks = context.options.remote;
    if (asks && !take_effects(context, graph, workspace, labels, checked)) return std::nullopt;
  }
  if (!may_build(context, graph, workspace, checked.goals)) return std::nullopt;
  return checked;
}

std::vector<NodeId> flagged_of_project(const Graph& graph, const LabelPattern& label,
                                       std::span<const NodeId> selected, std::uint32_t flag) {
  if (is_open(label)) return flagged_by_pattern(graph, label, flag);
  // A name that only a project has.
  const bool is_project = !label.folder.empty() && std::ranges::all_of(selected, [&](NodeId id) {
    return graph.str(graph.node(id).project) == label.folder;
  });
  if (!is_project) return {};
  LabelPattern all;
  all.project = label.folder;
  return flagged_by_pattern(graph, all, flag);
}

std::optional<std::vector<NodeId>> choose_flagged(Context& context, const Graph& graph,
                                                  const lang::Workspace& workspace,
                                                  std::span<const LabelPattern> labels,
                                                  const Flagged& wanted) {
  const auto& [flag, rule] = wanted;
  if (labels.empty()) return flagged_below(graph, workspace, flag);
  std::vector<NodeId> nodes;
  bool good = true;
  for (const LabelPattern& label : labels) {
    const std::optional<std::vector<NodeId>> selected =
        is_open(label) ? std::vector<NodeId>() : select_nodes(context, graph, {&label, 1});
    good = good && selected;
    if (!selected) continue;
    std::vector<NodeId> found;
    std::ranges::copy_if(*selected, std::back_inserter(found),
                         [&](NodeId id) { return (graph.node(id).flags & flag) != 0; });
    if (found.empty()) found = flagged_of_project(graph, label, *selected, flag);
    nodes.insert(nodes.end(), found.begin(), found.end());
    if (!found.empty()) continue;
    const std::string name = label.name.empty() ? "" : ":" + label.name;
    add_fault(
        context, "E906",
        fmt::format("`//{}{}` is no node of `{}`", printable(label.project), printable(name), rule),
        {fmt::format("without a label the command is about all nodes of `{}` in the current "
                     "project and below",
                     rule)});
    good = false;
  }
  if (!good) return std::nullopt;
  sort_unique(nodes);
  return nodes;
}

std::optional<std::vector<NodeId>> choose_shown(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels) {
  if (labels.empty()) return default_nodes(graph, workspace);
  return select_nodes(context, graph, labels);
}

}  // namespace devgraph::cli
