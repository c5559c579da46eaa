#include <algorithm>
#include <deque>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/build.h"
#include "engine/exec/frontier.h"
#include "engine/exec/identify.h"
#include "engine/exec/survey.h"
#include "engine/exec/tally.h"
#include "engine/plan/key.h"

namespace devgraph::exec {
namespace {

bool is_effect(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kEffect) != 0;
}

std::string shown(const Digest& digest) {
  return digest.is_zero() ? std::string() : hex(digest).substr(0, 12);
}

void add_deps(Survey& survey, const store::Made& last, OwnWhy& why) {
  for (const store::MadeDep& dep : last.deps()) {
    const Digest now = survey.path_content(std::string(dep.path));
    if (now == dep.content) continue;
    why.changes.push_back(
        {fmt::format("found input {}", printable(dep.path)), shown(dep.content), shown(now)});
  }
}

OwnWhy own_why(Survey& survey, const store::Parts& parts, NodeId node) {
  const Graph& graph = survey.graph();
  OwnWhy why;
  why.node = node;
  why.stale = survey.verdict(node) != Verdict::Fresh;
  why.waits = graph.str(graph.node(node).late);
  if (!why.waits.empty()) return why;
  const std::optional<store::Made> last = survey.record().last(survey.label_digest(node));
  why.ever_built = survey.verdict(node) != Verdict::NeverBuilt;
  why.uncertain = last && last->key().is_zero();
  if (!why.ever_built) {
    why.failed_log = failed_log(graph, survey.files(), survey.look().workspace, node).value_or("");
  }
  if (last) {
    const std::vector<store::KeyPart> before = parts.read(last->parts());
    const std::vector<store::KeyPart> now =
        plan::key_parts(graph, node, action_version(graph, node), survey.contents());
    if (!before.empty()) {
      for (plan::PartChange& change : plan::changes(before, now)) {
        why.changes.push_back(
            {std::move(change.part), std::move(change.before), std::move(change.now)});
      }
    }
    add_deps(survey, *last, why);
  }
  const std::vector<plan::OutputNow> outputs = survey.outputs_now(node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string path = printable(graph.str(graph.outputs(node)[i].path));
    if (!outputs[i].exists) {
      why.outputs.push_back(fmt::format("{} is missing", path));
    } else if (last && i < last->output_count() && !plan::is_as_made(last->output(i), outputs[i])) {
      why.outputs.push_back(fmt::format("{} was altered", path));
    }
  }
  return why;
}

/// Breadth first, so that each cause comes with a shortest way to it.
void add_causes(Survey& survey, const store::Parts& parts, const IdVec<NodeId, std::uint8_t>& stale,
                Why& why) {
  const NodeId asked = why.own.node;
  std::unordered_map<std::uint32_t, NodeId> reader{{index_of(asked), asked}};
  std::deque<NodeId> waiting{asked};
  while (!waiting.empty()) {
    const NodeId node = waiting.front();
    waiting.pop_front();
    // What was never built waits for nothing but itself; an effect is never built.
    if (survey.verdict(node) == Verdict::NeverBuilt && !is_effect(survey.graph(), node)) continue;
    for_causes(survey.graph(), node, [&](NodeId need) {
      if (is_effect(survey.graph(), need) || stale[need] == 0) return;
      if (!reader.emplace(index_of(need), node).second) return;
      waiting.push_back(need);
      if (node == asked) why.stale_needs.push_back(need);
      if (survey.verdict(need) == Verdict::Fresh) return;
      Cause cause{own_why(survey, parts, need), {}};
      for (NodeId at = node; at != asked; at = reader.at(index_of(at)))
        cause.through.push_back(at);
      why.causes.push_back(std::move(cause));
    });
  }
}

}  // namespace

Result<std::vector<Why>> why(const Graph& graph, Files& files, const std::string& workspace,
                             const std::vector<NodeId>& nodes) {
  Survey::Options options;
  options.workspace = workspace;
  options.state = join_path(workspace, ".devgraph");
  options.goals = nodes;
  Result<Survey> survey = Survey::make(graph, files, options);
  if (!survey) return std::unexpected(survey.error());
  const store::Parts parts(files, options.state);
  const IdVec<NodeId, std::uint8_t> stale = stale_nodes(*survey);
  std::vector<Why> found;
  for (const NodeId node : nodes) {
    Why why{own_why(*survey, parts, node), {}, {}};
    add_causes(*survey, parts, stale, why);
    found.push_back(std::move(why));
  }
  return found;
}

}  // namespace devgraph::exec
