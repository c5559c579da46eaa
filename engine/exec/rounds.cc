/// Rounds of a build: where late axes are decoded from what is not up to date, first that and what
/// stands beside it, then the same again with a graph that has their cells.

#include "engine/exec/coordinator.h"

namespace devgraph::exec {

bool Coordinator::has_ended(NodeId node) const {
  return rounds_.ended.contains(survey_.label_digest(node));
}

bool Coordinator::is_blocked_before(NodeId node) const {
  const auto before = rounds_.ended.find(survey_.label_digest(node));
  return before != rounds_.ended.end() && before->second.outcome == Outcome::Blocked;
}

/// What needs cells that are not known: it stands behind a node that decides about them and is not
/// up to date, or it stands for them. Where that node has failed there will be none: not held, so
/// that it is blocked like all that needs it.
void Coordinator::find_held() {
  for (const NodeId id : frontier_->open()) {
    bool held = graph_.node(id).late != StrId{};
    for (const NodeId before : graph_.after(id)) {
      if ((graph_.node(before).flags & node_flags::kDecides) == 0) continue;
      const auto ended = rounds_.ended.find(survey_.label_digest(before));
      if (ended == rounds_.ended.end()) {
        held = held || frontier_->is_open(before);
      } else if (ended->second.outcome == Outcome::Failed ||
                 ended->second.outcome == Outcome::Blocked) {
        held = false;
        break;
      }
    }
    for_needs(graph_, id, [&](NodeId need) { held = held || held_[need] != 0; });
    held_[id] = held ? 1 : 0;
    is_round_ = is_round_ || held;
  }
  // A family without cells is asked for by the nodes that decide about them.
  for (const NodeId goal : options_.goals) {
    const bool decides = (graph_.node(goal).flags & node_flags::kDecides) != 0;
    is_round_ = is_round_ || (decides && frontier_->is_open(goal) && !has_ended(goal));
  }
}

/// A failure is one of the whole build: its node does not run in each round.
bool Coordinator::ended_before(NodeId node) {
  const auto before = rounds_.ended.find(survey_.label_digest(node));
  if (before == rounds_.ended.end() || before->second.outcome != Outcome::Failed) return false;
  Finished finished = before->second;
  finished.again = true;
  if (finished.failure) finished.failure->node = node;
  end(node, std::move(finished), State::Failed);
  return true;
}

Result<Summary> Coordinator::end_round() {
  const auto is_as_made = [&](NodeId id) { return states_[id] == State::Done; };
  for (const NodeId id : survey_.order()) {
    if ((graph_.node(id).flags & node_flags::kDecides) == 0 || !is_as_made(id)) continue;
    for (const Output& output : graph_.outputs(id))
      rounds_.made.emplace(graph_.str(output.path));
  }
  rounds_.quarantined.insert(rounds_.quarantined.end(), quarantined_.begin(), quarantined_.end());
  rounds_.not_equal.insert(rounds_.not_equal.end(), not_equal_.begin(), not_equal_.end());
  rounds_.time += std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
  if (trace_.enabled()) rounds_.trace = std::move(trace_);
  return Summary{.unfinished = true};
}

void Coordinator::add_earlier() {
  quarantined_.insert(quarantined_.end(), rounds_.quarantined.begin(), rounds_.quarantined.end());
  not_equal_.insert(not_equal_.begin(), rounds_.not_equal.begin(), rounds_.not_equal.end());
}

}  // namespace devgraph::exec
