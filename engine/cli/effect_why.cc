#include "engine/cli/effect_why.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/release_text.h"
#include "engine/cli/render.h"
#include "engine/exec/owned.h"
#include "engine/exec/release.h"

namespace devgraph::cli {
namespace {

using exec::Ledger;

std::string command_of(const Graph& graph, NodeId id) {
  return fmt::format("devgraph {} {}", exec::is_freeze(graph, id) ? "freeze" : "release",
                     shell_word(label_of(graph, id)));
}

std::string look_of(const Graph& graph, NodeId id) {
  return fmt::format("devgraph check {}{}", exec::is_freeze(graph, id) ? "" : "--remote ",
                     shell_word(label_of(graph, id)));
}

std::string_view word_of(Ledger::Mark mark) {
  switch (mark) {
    case Ledger::Mark::None:
      break;
    case Ledger::Mark::Started:
      return "begun";
    case Ledger::Mark::Failed:
      return "failed";
    case Ledger::Mark::Done:
      return "done";
    case Ledger::Mark::Reverted:
      return "taken back";
  }
  return {};
}

/// Of the last release, if it did not end and is about this effect.
std::optional<std::string> unfinished_since(const Graph& graph, const Ledger& ledger, NodeId id) {
  const std::optional<exec::ReleaseBegin>& begun = ledger.unfinished();
  if (!begun) return std::nullopt;
  std::vector<NodeId> goals;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    if (std::ranges::find(begun->goals, label_of(graph, NodeId{i})) != begun->goals.end())
      goals.push_back(NodeId{i});
  }
  const std::vector<NodeId> effects = exec::effects_of(graph, goals);
  if (std::ranges::find(effects, id) == effects.end()) return std::nullopt;
  return begun->time;
}

std::string ledger_lines(const std::vector<Ledger::LastStep>& steps, bool all) {
  constexpr std::size_t kMost = 10;
  const std::size_t first = all || steps.size() <= kMost ? 0 : steps.size() - kMost;
  std::string text;
  if (first > 0) text = fmt::format("  {} more; -v shows them all\n", first);
  for (std::size_t i = first; i < steps.size(); ++i) {
    const Ledger::LastStep& step = steps[i];
    text += fmt::format("  {} {}: {} {}", step.kind, printable(step.target), word_of(step.mark),
                        printable(step.time));
    if (!step.digest.empty()) text += fmt::format(", {}", short_digest(step.digest));
    if (step.mark == Ledger::Mark::Started) text += "; nothing says that it was finished";
    // Its first line; the log has the others.
    const std::string error = step.error.substr(0, step.error.find('\n'));
    if (!error.empty()) text += fmt::format(": {}", printable(error));
    text += "\n";
  }
  return text;
}

}  // namespace

bool is_effect(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kEffect) != 0;
}

std::string effect_text(const Graph& graph, const Ledger& ledger, NodeId id, bool all) {
  const bool is_freeze = exec::is_freeze(graph, id);
  std::string text = fmt::format("{}  an effect: no build carries it out, `{}` does\n",
                                 shown_label(graph, id), command_of(graph, id));
  const std::vector<Ledger::LastStep> steps = ledger.steps_of(label_of(graph, id));
  text += ledger_lines(steps, all);
  if (const std::optional<std::string> since = unfinished_since(graph, ledger, id))
    text += fmt::format("  the release of it that was begun {} has not ended\n", printable(*since));
  else if (steps.empty() && !is_freeze)
    text += "  no release here has done anything for it\n";
  text += fmt::format("  `{}` shows {}\n", look_of(graph, id),
                      is_freeze ? "whether the tree has it" : "what its target holds now");
  return text;
}

Json effect_json(const Graph& graph, const Ledger& ledger, NodeId id) {
  Json steps = Json::array();
  for (const Ledger::LastStep& step : ledger.steps_of(label_of(graph, id))) {
    Json row = {{"kind", json_text(step.kind)},
                {"target", json_text(step.target)},
                {"digest", json_text(step.digest)},
                {"state", word_of(step.mark)},
                {"time", json_text(step.time)}};
    if (!step.error.empty()) row["error"] = json_text(step.error);
    steps.push_back(std::move(row));
  }
  Json effect = {{"command", json_text(command_of(graph, id))},
                 {"look", json_text(look_of(graph, id))},
                 {"steps", std::move(steps)}};
  if (const std::optional<std::string> since = unfinished_since(graph, ledger, id))
    effect["unfinished_since"] = json_text(*since);
  return effect;
}

}  // namespace devgraph::cli
