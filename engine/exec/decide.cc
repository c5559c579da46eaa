/// What becomes of a ready node: blocked, fresh, restored, or run.

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/coordinator.h"
#include "engine/exec/identify.h"
#include "engine/exec/outside.h"
#include "engine/exec/tally.h"
#include "engine/plan/judge.h"
#include "engine/plan/key.h"

namespace devgraph::exec {

namespace {

/// What `allow_failed` says to these failed nodes (sorted) of a node's inputs; none: they may fail.
std::optional<TooMany> too_many(const Graph& graph, NodeId node, std::vector<NodeId> failed) {
  std::unordered_set<std::uint32_t> listed;
  for (const InputId input : graph.listed(node)) {
    if (const std::optional<NodeId> producer = graph.producer(input))
      listed.insert(index_of(*producer));
  }
  const Traits& traits = graph.traits_of(node);
  const std::size_t share = listed.size() * traits.allow_failed_percent / 100;
  TooMany found{.listed = listed.size(),
                .allowed = std::max<std::size_t>(traits.allow_failed, share)};
  for (const NodeId one : failed) {
    if (!found.unlisted && !listed.contains(index_of(one))) found.unlisted = one;
  }
  if (!found.unlisted && failed.size() <= found.allowed) return std::nullopt;
  found.failed = std::move(failed);
  return found;
}

}  // namespace

/// What a node has to do without because it failed: parts of its lists, if `allow_failed` permits;
/// else the node is blocked.
Coordinator::Lack Coordinator::find_lack(NodeId node) const {
  const auto bad = [&](NodeId need) {
    return states_[need] == State::Failed || states_[need] == State::Blocked;
  };
  const auto root = [&](NodeId need) {
    return states_[need] == State::Failed ? need : roots_[need];
  };
  Lack lack;
  for (const InputId input : graph_.inputs(node)) {
    const std::optional<NodeId> producer = graph_.producer(input);
    if (!producer || !bad(*producer)) continue;
    lack.missing.push_back(input);
    lack.left_out.push_back(*producer);
  }
  for (const NodeId before : graph_.after(node)) {
    if (bad(before)) lack.blocked_by = root(before);
  }
  if (lack.missing.empty()) return lack;

  std::sort(lack.missing.begin(), lack.missing.end());
  std::sort(lack.left_out.begin(), lack.left_out.end());
  lack.left_out.erase(std::unique(lack.left_out.begin(), lack.left_out.end()), lack.left_out.end());
  std::optional<TooMany> refused = too_many(graph_, node, lack.left_out);
  if (!refused) return lack;
  if (!lack.blocked_by) lack.blocked_by = root(refused->unlisted.value_or(lack.left_out.front()));
  const Traits& traits = graph_.traits_of(node);
  const bool tolerant = traits.allow_failed != 0 || traits.allow_failed_percent != 0;
  if (tolerant) lack.too_many = std::move(refused);
  return lack;
}

/// Whether a node that could be as it was has to run, because what it left outside is gone.
bool Coordinator::is_gone(NodeId node) {
  if (survey_.verdict(node) == Verdict::Fresh) return false;  // It was asked about.
  if (survey_.verdict(node) == Verdict::GoneOutside) return true;
  const Result<bool> holds = holds_outside(survey_, node);
  if (!holds) listener_.warning(holds.error().message);
  return holds && !*holds;
}

Status Coordinator::decide(NodeId node) {
  Finished finished;
  Lack lack = find_lack(node);
  if (lack.blocked_by) {
    finished.blocked_by = lack.blocked_by;
    finished.too_many = std::move(lack.too_many);
    finished.outcome = Outcome::Blocked;
    finished.again = is_blocked_before(node);
    end(node, std::move(finished), State::Blocked);
    return {};
  }
  if (ended_before(node)) return {};
  for (const NodeId out : lack.left_out)
    quarantined_.push_back(label_of(graph_, out));
  const Node& row = graph_.node(node);
  const bool seed = (row.flags & node_flags::kSeed) != 0;
  if (row.kind == ActionKind::Group || (seed && survey_.verdict(node) == Verdict::Fresh)) {
    end(node, std::move(finished), State::Done);
    return {};
  }
  if (again_[node] == 0) {
    const Digest key = survey_.key(node, lack.missing);
    const std::optional<store::Made> last = survey_.record().last(survey_.label_digest(node));
    const std::vector<plan::OutputNow> outputs = survey_.outputs_now(node);
    if (last && !plan::judge(last, survey_.key_like(key, *last), outputs) && !is_gone(node)) {
      survey_.look_behind_links(node);
      end(node, std::move(finished), State::Done);
      return {};
    }
    for (const store::Made& made : survey_.record().with_static_key(key)) {
      if (survey_.key_like(key, made) != made.key() || is_gone(node)) continue;
      const Result<bool> restored = restore(node, key, made);
      if (!restored) return std::unexpected(restored.error());
      if (*restored) return {};
    }
  }
  // After a failure, or on the way out, nothing new starts; what is fresh is still told.
  if (!is_halting()) to_start_.emplace(frontier_->urgency(node), Waiting{node, 1, {}});
  return {};
}

/// Makes what is not as it was made again from the CAS; the first false leaves the rest to a run.
Result<bool> Coordinator::restore_missing(NodeId node, const store::Made& made,
                                          std::vector<LandedItem>& items) {
  const std::string scratch = fmt::format("{}/scratch/restored-{}", state_folder_, next_token_++);
  for (std::size_t i = 0; i < made.output_count(); ++i) {
    const OutputId id = graph_.output_id(node, i);
    LandedItem item;
    item.made = made.output(i);
    item.made.path = graph_.str(graph_.output(id).path);
    item.now = plan::OutputNow{true, item.made.kind, item.made.executable, item.made.content};
    item.stat = survey_.output_stat(id);
    if (!plan::is_as_made(item.made, survey_.output(id))) {
      const std::string place = workspace_path(item.made.path);
      if (litter_.empty() || litter_.back() != scratch) {
        if (Status done = files_.make_folders(scratch); !done) return std::unexpected(done.error());
        litter_.push_back(scratch);
      }
      const std::string staged = fmt::format("{}/{}", scratch, i);
      const std::string shared = state_folder_ + "/scratch/shared";
      const Result<bool> there =
          restore_output(files_, cas_, item.made, shared, staged, item.known);
      if (!there || !*there) return there;
      const std::string parent(parent_path(place));
      if (Status done = files_.make_folders(parent); !done) return std::unexpected(done.error());
      const bool tree = item.made.kind == store::MadeKind::Tree;
      if (Status done = put_in_place(files_, staged, place, scratch, tree); !done) {
        return std::unexpected(done.error());
      }
      const Result<FileStat> stat = files_.lstat(place);
      if (!stat) return std::unexpected(stat.error());
      item.stat = *stat;
    }
    items.push_back(std::move(item));
  }
  return true;
}

Result<bool> Coordinator::restore(NodeId node, const Digest& key, const store::Made& made) {
  const std::span<const Output> outputs = graph_.outputs(node);
  if (made.output_count() != outputs.size()) return false;
  bool all_there = true;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const bool tree = made.output(i).kind == store::MadeKind::Tree;
    if (tree != (outputs[i].kind == OutputKind::Tree)) return false;
    all_there =
        all_there && plan::is_as_made(made.output(i), survey_.output(graph_.output_id(node, i)));
  }
  const bool seed = (graph_.node(node).flags & node_flags::kSeed) != 0;
  // The run then finds it there too, and leaves it alone.
  if (seed && stands_there(node)) return false;
  const Digest label = survey_.label_digest(node);
  const std::optional<store::Made> last = survey_.record().last(label);
  std::vector<LandedItem> items;
  if (!all_there) {
    claim(node);
    if (Status done = survey_.record().flush(); !done) return std::unexpected(done.error());
  }
  const Result<bool> restored = restore_missing(node, made, items);
  if (!restored || !*restored) return restored;

  store::MadeNow now;
  const std::string name = label_of(graph_, node);
  now.label = name;
  now.key = made.key();
  now.static_key = key;
  now.time = made.time();
  now.deps = made.deps();
  now.parts =
      parts_.add(plan::key_parts(graph_, node, action_version(graph_, node), survey_.contents()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    now.outputs.push_back(items[i].made);
    survey_.set_output(graph_.output_id(node, i), items[i].now, items[i].stat);
    keep_known(items[i]);
  }
  if (last) {
    if (Status done = drop_old_paths(*last, items); !done) return std::unexpected(done.error());
  }
  Finished finished;
  finished.outcome = all_there ? Outcome::Fresh : Outcome::Restored;
  if (options_.explain) finished.reason = reason(node);
  if (!seed) survey_.record().add_made(now);
  end(node, std::move(finished), State::Done);
  return true;
}

std::string Coordinator::reason(NodeId node) const {
  if (again_[node] != 0) return "asked for";
  return stale_reason(survey_, parts_, node);
}

namespace {

/// Of a node without a last result.
std::string why_never(Survey& survey, NodeId node) {
  const Graph& graph = survey.graph();
  const auto log = failed_log(graph, survey.files(), survey.look().workspace, node);
  if (log) return fmt::format("its last run failed; see {}", printable(*log));
  const bool seed = (graph.node(node).flags & node_flags::kSeed) != 0;
  if (!seed || graph.outputs(node).empty()) return "never built";
  // Nobody owns what a seed made, so there is no result; but it is stale only without its file.
  return fmt::format("output {} missing", printable(graph.str(graph.outputs(node)[0].path)));
}

}  // namespace

std::string stale_reason(Survey& survey, const store::Parts& parts, NodeId node) {
  const Graph& graph = survey.graph();
  if (graph.node(node).late != StrId{}) return std::string(graph.str(graph.node(node).late));
  const std::optional<store::Made> last = survey.record().last(survey.label_digest(node));
  if (!last) return why_never(survey, node);
  if (last->parts().size != 0) {
    std::vector<plan::PartChange> changes =
        plan::changes(parts.read(last->parts()),
                      plan::key_parts(graph, node, action_version(graph, node), survey.contents()));
    // A file says more than the words of the command in which it stands.
    const auto is_input = [](const plan::PartChange& change) {
      return change.part.starts_with("input ");
    };
    const auto first = std::find_if(changes.begin(), changes.end(), is_input);
    if (first != changes.end()) return plan::in_words(*first);
    if (!changes.empty()) return plan::in_words(changes.front());
  }
  if (survey.verdict(node) == Verdict::GoneOutside) return "what it made is not there any more";
  for (const store::MadeDep& dep : last->deps()) {
    if (survey.path_content(std::string(dep.path)) == dep.content) continue;
    const char* dots = dep.path.starts_with('/') ? "" : "./";
    return fmt::format("{}{} changed", dots, printable(dep.path));
  }
  for (std::size_t i = 0; i < graph.outputs(node).size(); ++i) {
    const OutputId id = graph.output_id(node, i);
    const std::string path = printable(graph.str(graph.output(id).path));
    if (!survey.output(id).exists) return fmt::format("output {} missing", path);
    if (i < last->output_count() && !plan::is_as_made(last->output(i), survey.output(id))) {
      return fmt::format("output {} was altered", path);
    }
  }
  if (last->key().is_zero()) return "files came or went while it ran";
  return "its key changed";
}

}  // namespace devgraph::exec
