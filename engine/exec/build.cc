#include "engine/exec/build.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/exec/coordinator.h"
#include "engine/exec/outside.h"
#include "engine/exec/owned.h"
#include "engine/exec/survey.h"
#include "engine/exec/tally.h"

namespace devgraph::exec {
namespace {

/// `-n`: what would run as far as can be said; what needs it may turn out fresh after all.
Summary judge_only(Survey& survey, Files& files, const BuildOptions& options, Listener& listener) {
  const Graph& graph = survey.graph();
  const store::Parts parts(files, join_path(options.workspace, ".devgraph"));
  IdVec<NodeId, Outcome> outcomes(graph.node_count(), Outcome::Fresh);
  IdVec<NodeId, std::uint8_t> again(graph.node_count());
  for (const NodeId id : options.always)
    again[id] = 1;
  NodeCounter counter(graph, survey.order());
  listener.planned(counter.total());
  for (const NodeId id : survey.order()) {
    Finished finished;
    finished.node = id;
    finished.completes = counter.ends(id);
    std::optional<NodeId> because;
    for_causes(graph, id, [&](NodeId need) {
      if (outcomes[need] == Outcome::Run && !because) because = need;
    });
    if (again[id] != 0) {
      finished.reason = "asked for";
    } else if (survey.verdict(id) != Verdict::Fresh) {
      finished.reason = stale_reason(survey, parts, id);
    } else if (because) {
      finished.reason = fmt::format("if {} comes out otherwise", label_of(graph, *because));
    }
    if (!finished.reason.empty()) finished.outcome = Outcome::Run;
    outcomes[id] = finished.outcome;
    if (graph.node(id).kind != ActionKind::Group) listener.finished(finished);
  }
  return count_nodes(graph, survey.order(), outcomes);
}

/// The secrets of the nodes that may run. Some of these may turn out fresh; nobody wants to be
/// asked in the middle of a build.
Result<SecretValues> find_secrets(const Survey& survey, const BuildOptions& options) {
  if (!options.find_secrets) return SecretValues();
  const Graph& graph = survey.graph();
  if (wanted_secrets(graph, survey.order()).empty()) return SecretValues();
  const IdVec<NodeId, std::uint8_t> stale = stale_nodes(survey);
  std::vector<NodeId> may_run = options.always;
  for (const NodeId id : survey.order()) {
    if (stale[id] != 0) may_run.push_back(id);
  }
  const std::vector<WantedSecret> wanted = wanted_secrets(graph, may_run);
  if (wanted.empty()) return SecretValues();
  return options.find_secrets(wanted);
}

Result<Survey> look(const Graph& graph, Files& files, const std::string& workspace,
                    const std::vector<NodeId>& goals, bool paranoid) {
  Survey::Options options;
  options.workspace = workspace;
  options.state = join_path(workspace, ".devgraph");
  options.goals = goals;
  options.paranoid = paranoid;
  return Survey::make(graph, files, options);
}

/// Adds the files of the tree that are not what a freeze node would copy there.
void find_drift(const Survey& survey, const IdVec<NodeId, std::uint8_t>& stale, Files& files,
                NodeId freeze, std::vector<StaleNode>& found) {
  const Graph& graph = survey.graph();
  for (const OwnedFile& file : owned_files(graph, freeze)) {
    const std::optional<NodeId> maker = graph.producer(file.from);
    if (maker && (!survey.is_wanted(*maker) || stale[*maker] != 0)) continue;
    std::string drift = frozen_drift(graph, files, survey.look().workspace, freeze, file);
    if (!drift.empty())
      found.push_back({.node = freeze, .reason = std::move(drift), .drifted = true});
  }
}

}  // namespace

Result<Summary> build(const Graph& graph, Files& files, Runner& runner, const BuildOptions& options,
                      Listener& listener) {
  if (!options.dry_run) {
    const std::string state = join_path(options.workspace, ".devgraph");
    if (Status done = files.make_folders(state); !done) return std::unexpected(done.error());
  }
  Result<Survey> survey = look(graph, files, options.workspace, options.goals, false);
  if (!survey) return std::unexpected(survey.error());
  for (const std::string& words : look_outside(*survey, true))
    listener.warning(words + "; it is taken to be as the last build left it");
  if (options.dry_run) return judge_only(*survey, files, options, listener);
  if (std::vector<NotReady> refused = refused_outside(*survey); !refused.empty()) {
    return Summary{.refused = std::move(refused)};
  }
  BuildOptions with_secrets = options;
  Result<SecretValues> secrets = find_secrets(*survey, options);
  if (!secrets) return std::unexpected(secrets.error());
  with_secrets.secrets = std::move(*secrets);
  Coordinator coordinator(*survey, runner, with_secrets, listener);
  return coordinator.run();
}

Result<std::vector<StaleNode>> check(const Graph& graph, Files& files,
                                     const CheckOptions& options) {
  Result<Survey> survey = look(graph, files, options.workspace, options.goals, options.paranoid);
  if (!survey) return std::unexpected(survey.error());
  const std::vector<std::string> unknown = look_outside(*survey, options.remote);
  if (!unknown.empty()) return fail(unknown[0]);
  const store::Parts parts(files, join_path(options.workspace, ".devgraph"));
  const IdVec<NodeId, std::uint8_t> stale = stale_nodes(*survey);
  std::vector<StaleNode> found;
  for (const NodeId id : survey->order()) {
    if (stale[id] == 0 || graph.node(id).kind == ActionKind::Group) continue;
    const bool own = survey->verdict(id) != Verdict::Fresh;
    std::optional<NodeId> because;
    for_causes(graph, id, [&](NodeId need) {
      if (stale[need] != 0 && !because) because = need;
    });
    StaleNode node;
    node.node = id;
    node.because_of_input = !own;
    node.reason = own ? stale_reason(*survey, parts, id)
                      : fmt::format("{} is stale", label_of(graph, *because));
    found.push_back(std::move(node));
  }
  for (const NodeId id : options.frozen)
    find_drift(*survey, stale, files, id, found);
  return found;
}

}  // namespace devgraph::exec
