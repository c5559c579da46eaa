#include "engine/cli/effect_goals.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/goals.h"
#include "engine/cli/render.h"
#include "engine/cli/secret_store.h"
#include "engine/exec/release.h"

namespace devgraph::cli {
namespace {

constexpr std::size_t kMostNamed = 20;

/// What copies into the tree has a command of its own.
bool is_released(const Graph& graph, NodeId id) {
  const std::uint32_t flags = graph.node(id).flags;
  return (flags & node_flags::kEffect) != 0 && (flags & node_flags::kFreeze) == 0;
}

/// What plain `release` is about: the name `release` of the current project. None: it is not there.
std::optional<std::vector<NodeId>> release_nodes(Context& context, const Graph& graph,
                                                 const lang::Workspace& workspace) {
  for (const Target& target : graph.targets()) {
    if (graph.str(target.name) != "release" || graph.str(target.project) != workspace.project) {
      continue;
    }
    const std::span<const NodeId> nodes = graph.nodes(target);
    return std::vector<NodeId>(nodes.begin(), nodes.end());
  }
  std::vector<std::string> helps;
  for (const Target& target : graph.targets()) {
    const std::span<const NodeId> nodes = graph.nodes(target);
    const bool is_effect =
        std::ranges::any_of(nodes, [&](NodeId id) { return is_released(graph, id); });
    if (!is_effect || target.kind == TargetKind::Let || helps.size() >= kMostNamed) continue;
    helps.push_back(fmt::format("{}  devgraph release {}",
                                helps.empty() ? "for one of its effects, write" : "or",
                                shell_word(label_of(graph, target))));
  }
  if (helps.empty()) {
    helps.emplace_back("an effect is a node of `push`, `upload`, `git_tag`, …");
  } else {
    helps.push_back(fmt::format("for several, write into {}  let release = [ … ]",
                                printable(join_path(workspace.project, "build.devgraph"))));
  }
  add_fault(context, "E940", "this project has no `release`", std::move(helps));
  return std::nullopt;
}

/// The nodes that a word stands for: those of its name, or all effects of a project.
std::optional<std::vector<NodeId>> labelled_nodes(Context& context, const Graph& graph,
                                                  const LabelPattern& label) {
  std::optional<std::vector<NodeId>> nodes = select_nodes(context, graph, std::span(&label, 1));
  if (!nodes) return std::nullopt;
  if (std::ranges::any_of(*nodes, [&](NodeId id) { return is_released(graph, id); })) return nodes;
  std::vector<NodeId> effects = flagged_of_project(graph, label, *nodes, node_flags::kEffect);
  return effects.empty() ? std::move(nodes) : std::optional(std::move(effects));
}

}  // namespace

std::optional<std::vector<NodeId>> released_nodes(Context& context, const Graph& graph,
                                                  const lang::Workspace& workspace,
                                                  std::span<const LabelPattern> labels) {
  std::vector<NodeId> nodes;
  if (labels.empty()) {
    std::optional<std::vector<NodeId>> all = release_nodes(context, graph, workspace);
    if (!all) return std::nullopt;
    nodes = *std::move(all);
  }
  for (const LabelPattern& label : labels) {
    const std::optional<std::vector<NodeId>> some = labelled_nodes(context, graph, label);
    if (!some) return std::nullopt;
    nodes.insert(nodes.end(), some->begin(), some->end());
  }
  std::erase_if(nodes, [&](NodeId id) {
    return (graph.node(id).flags & node_flags::kEffect) != 0 && !is_released(graph, id);
  });
  return nodes;
}

std::optional<exec::SecretValues> find_effect_secrets(Context& context, const Graph& graph,
                                                      const std::string& workspace,
                                                      std::span<const NodeId> effects,
                                                      const std::function<bool()>& stop) {
  const std::vector<exec::WantedSecret> wanted =
      exec::wanted_secrets(graph, exec::nodes_of_effects(graph, effects));
  exec::SecretValues secrets;
  if (!wanted.empty()) {
    std::optional<exec::SecretValues> values = find_secrets(context, graph, wanted, stop);
    if (!values) return std::nullopt;
    secrets = *std::move(values);
  }
  bool may_go = true;
  for (const actions::SecretUse& use :
       exec::secret_uses(graph, context.files, workspace, effects)) {
    if (!may_send(context, use.secret, use.host)) may_go = false;
  }
  if (!may_go) return std::nullopt;
  return secrets;
}

}  // namespace devgraph::cli
