#include "engine/exec/frontier.h"

#include <algorithm>
#include <random>

namespace devgraph::exec {

Frontier::Frontier(Survey& survey, const IdVec<NodeId, std::uint8_t>& again,
                   std::optional<std::uint64_t> shuffle)
    : survey_(survey), position_(survey.graph().node_count(), kSettled) {
  const Graph& graph = survey.graph();
  for (const NodeId id : survey.order()) {
    bool settled = survey.verdict(id) == Verdict::Fresh && again[id] == 0;
    if (settled && !open_.empty()) {
      for_needs(graph, id, [&](NodeId need) { settled = settled && !is_open(need); });
    }
    if (settled) {
      settled_.push_back(id);
    } else {
      position_[id] = static_cast<std::uint32_t>(open_.size());
      open_.push_back(id);
    }
  }
  connect();
  rank(shuffle);
}

/// Edges from each open node to the open nodes that need it, each once.
void Frontier::connect() {
  const Graph& graph = survey_.graph();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  std::vector<std::uint32_t> last_user(open_.size(), kSettled);
  waits_.assign(open_.size(), 0);
  for (std::uint32_t user = 0; user < open_.size(); ++user) {
    for_needs(graph, open_[user], [&](NodeId need) {
      const std::uint32_t at = position_[need];
      if (at == kSettled || last_user[at] == user) return;
      last_user[at] = user;
      edges.emplace_back(at, user);
      ++waits_[user];
    });
  }
  first_user_.assign(open_.size() + 1, 0);
  for (const auto& [need, user] : edges)
    ++first_user_[need + 1];
  for (std::size_t i = 1; i < first_user_.size(); ++i)
    first_user_[i] += first_user_[i - 1];
  users_.resize(edges.size());
  std::vector<std::uint32_t> fill(first_user_.begin(), first_user_.end() - 1);
  for (const auto& [need, user] : edges)
    users_[fill[need]++] = user;
}

std::optional<std::chrono::milliseconds> Frontier::last_time(NodeId id) const {
  const std::optional<store::Made> last = survey_.record().last(survey_.label_digest(id));
  if (!last) return std::nullopt;
  return last->time();
}

/// Critical path: the time of a node and of the longest chain of those that wait for it. Without a
/// recorded time a node counts as one second, so that an unknown graph goes by the length of
/// chains.
void Frontier::rank(std::optional<std::uint64_t> shuffle) {
  constexpr std::uint64_t kUnknown = 1000;
  urgency_.assign(open_.size(), 0);
  if (shuffle) {
    std::mt19937_64 random(*shuffle);
    for (std::uint64_t& urgency : urgency_)
      urgency = random();
    return;
  }
  for (std::size_t i = open_.size(); i-- > 0;) {
    std::uint64_t longest = 0;
    for (std::uint32_t e = first_user_[i]; e < first_user_[i + 1]; ++e) {
      longest = std::max(longest, urgency_[users_[e]]);
    }
    const std::optional<std::chrono::milliseconds> time = last_time(open_[i]);
    urgency_[i] = longest + 1 + (time ? static_cast<std::uint64_t>(time->count()) : kUnknown);
  }
}

void Frontier::start(const IdVec<NodeId, std::uint8_t>& held) {
  const Graph& graph = survey_.graph();
  for (const NodeId id : open_) {
    if (held[id] != 0) {
      ++waits_[position_[id]];
    } else if ((graph.node(id).flags & node_flags::kSeed) != 0) {
      ++seeds_left_;
    }
  }
  for (std::uint32_t i = 0; i < open_.size(); ++i) {
    if (waits_[i] == 0) push(i);
  }
}

void Frontier::push(std::uint32_t position) {
  const Node& node = survey_.graph().node(open_[position]);
  if (seeds_left_ > 0 && (node.flags & node_flags::kSeed) == 0) {
    held_.push_back(position);
  } else {
    ready_.emplace(urgency_[position], position);
  }
}

std::optional<NodeId> Frontier::next() {
  if (ready_.empty()) return std::nullopt;
  const NodeId id = open_[ready_.top().second];
  ready_.pop();
  return id;
}

void Frontier::end(NodeId id) {
  const std::uint32_t position = position_[id];
  if ((survey_.graph().node(id).flags & node_flags::kSeed) != 0 && --seeds_left_ == 0) {
    std::vector<std::uint32_t> held;
    held.swap(held_);
    for (const std::uint32_t one : held)
      push(one);
  }
  for (std::uint32_t e = first_user_[position]; e < first_user_[position + 1]; ++e) {
    if (--waits_[users_[e]] == 0) push(users_[e]);
  }
}

}  // namespace devgraph::exec
