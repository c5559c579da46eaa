#include "engine/cli/released.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/actions/net/http.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/aside.h"
#include "engine/cli/effect_goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/release_text.h"
#include "engine/exec/ledger.h"
#include "engine/exec/process_runner.h"
#include "engine/exec/release.h"

namespace devgraph::cli {
namespace {

using exec::StepState;

bool is_effect(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kEffect) != 0;
}

/// The effects of the graph that a release was begun for here.
Result<std::vector<NodeId>> known_effects(Files& files, const Graph& graph,
                                          const std::string& state) {
  const Result<exec::Ledger> ledger = exec::Ledger::open(files, state);
  if (!ledger) return std::unexpected(ledger.error());
  std::vector<NodeId> found;
  for (std::uint32_t i = 0; i < graph.node_count() && !ledger->goals().empty(); ++i) {
    const NodeId id{i};
    if (is_effect(graph, id) && ledger->goals().contains(label_of(graph, id))) found.push_back(id);
  }
  return found;
}

/// Those of which everything is there that they put outside.
Result<std::vector<NodeId>> comparable(const Graph& graph, Files& files,
                                       const std::string& workspace,
                                       const std::vector<NodeId>& effects) {
  exec::CheckOptions options;
  options.workspace = workspace;
  options.goals = exec::needs_of_effects(graph, effects);
  const Result<std::vector<exec::StaleNode>> stale = exec::check(graph, files, options);
  if (!stale) return std::unexpected(stale.error());
  std::set<NodeId> unknown;
  for (const exec::StaleNode& one : *stale)
    unknown.insert(one.node);
  std::vector<NodeId> found;
  for (const NodeId effect : effects) {
    const std::vector<NodeId> own = exec::effects_of(graph, std::span(&effect, 1));
    const std::vector<NodeId> needs = exec::needs_of_effects(graph, own);
    const bool is_stale =
        std::ranges::any_of(needs, [&](NodeId id) { return unknown.contains(id); });
    if (!is_stale) found.push_back(effect);
  }
  return found;
}

std::string reason_of(const exec::ReleaseStep& step) {
  const actions::StepFacts& facts = step.step->facts();
  const std::string what = fmt::format("{} {}", facts.kind, printable(facts.target));
  if (step.state == StepState::Unsure) {
    return fmt::format("{} was begun, and nobody knows whether it was done", what);
  }
  if (step.state == StepState::New) {
    return fmt::format("{} {}", what, step.was_done ? "is gone" : "is not there");
  }
  return fmt::format("{} stands for {}, not for {}", what, short_digest(step.seen.what),
                     short_digest(facts.digest));
}

/// Whether a release here gave the name of a step to something else later on: a way back, say.
bool is_superseded(const exec::Release& release, const exec::ReleaseStep& step) {
  const actions::StepFacts& facts = step.step->facts();
  const std::size_t turn = release.ledger().entry(facts).turn;
  return std::ranges::any_of(release.steps(), [&](const exec::ReleaseStep& other) {
    const actions::StepFacts& meant = other.step->facts();
    return other.was_done && meant.target == facts.target && meant.digest != facts.digest &&
           release.ledger().entry(meant).turn > turn;
  });
}

std::vector<exec::StaleNode> rows_of(const exec::Release& release) {
  std::vector<exec::StaleNode> rows;
  for (const exec::ReleaseStep& step : release.steps()) {
    if (step.state == StepState::Present || is_superseded(release, step)) continue;
    rows.push_back({.node = step.node, .reason = reason_of(step), .drifted = step.was_done});
  }
  return rows;
}

/// Asks the targets of effects whose needs are in place.
std::optional<std::vector<exec::StaleNode>> ask(Context& context, const lang::Workspace& workspace,
                                                const Graph& graph, std::vector<NodeId> effects) {
  net::refuse_writes();
  const auto home = context.environment.find("HOME");
  const Result<std::unique_ptr<exec::ProcessRunner>> runner = exec::ProcessRunner::create(
      {.home = home == context.environment.end() ? std::string() : home->second});
  if (!runner) {
    add_fault(context, "E912", runner.error().message);
    return std::nullopt;
  }
  std::optional<exec::SecretValues> secrets = find_effect_secrets(
      context, graph, workspace.root, effects, [&] { return (*runner)->stop_signal() != 0; });
  if (!secrets) return std::nullopt;
  const Aside aside(context.files, join_path(workspace.root, kStateFolder), "run");
  if (!aside.is_made()) {
    add_fault(context, "E912", fmt::format("{} cannot be made", printable(aside.folder())));
    return std::nullopt;
  }
  exec::ReleaseOptions options;
  options.workspace = workspace.root;
  options.aside = aside.folder();
  options.effects = std::move(effects);
  options.secrets = *std::move(secrets);
  const Result<std::unique_ptr<exec::Release>> release =
      exec::Release::plan(graph, context.files, **runner, std::move(options));
  if (!release) {
    add_fault(context, "E944", fmt::format("no plan: {}", release.error().message),
              {"what was released cannot be compared"});
    return std::nullopt;
  }
  return rows_of(**release);
}

}  // namespace

std::optional<std::vector<exec::StaleNode>> released_rows(Context& context,
                                                          const lang::Workspace& workspace,
                                                          const Graph& graph,
                                                          const AskedEffects& asked) {
  std::vector<NodeId> effects = asked.named;
  const auto refused = [&](const Error& error) {
    add_fault(context, "E912", error.message);
    return std::nullopt;
  };
  if (asked.released_here) {
    const Result<std::vector<NodeId>> known =
        known_effects(context.files, graph, join_path(workspace.root, kStateFolder));
    if (!known) return refused(known.error());
    effects.insert(effects.end(), known->begin(), known->end());
    effects = exec::effects_of(graph, effects);
  }
  if (effects.empty()) return std::vector<exec::StaleNode>();
  Result<std::vector<NodeId>> due = comparable(graph, context.files, workspace.root, effects);
  if (!due) return refused(due.error());
  if (due->empty()) return std::vector<exec::StaleNode>();
  return ask(context, workspace, graph, *std::move(due));
}

}  // namespace devgraph::cli
