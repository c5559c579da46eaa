#pragma once
/// Which nodes can be decided next: a node is ready when all it needs has ended. Nodes that are
/// fresh with all they need are settled at once and never queued.

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "engine/base/ids.h"
#include "engine/exec/survey.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

class Frontier {
 public:
  /// `again` are nodes to be run even if fresh. With `shuffle` the order is random, else the
  /// longest way to the end of the build comes first, by the times of the last runs.
  Frontier(Survey& survey, const IdVec<NodeId, std::uint8_t>& again,
           std::optional<std::uint64_t> shuffle);

  /// Makes ready what can be. The held ones never are: they wait for another graph (rounds.cc).
  void start(const IdVec<NodeId, std::uint8_t>& held);

  /// Fresh for good, in order.
  const std::vector<NodeId>& settled() const { return settled_; }
  /// The others, each behind what it needs.
  const std::vector<NodeId>& open() const { return open_; }
  bool is_open(NodeId id) const { return position_[id] != kSettled; }

  /// A ready node, or none now.
  std::optional<NodeId> next();
  /// A node has ended, well or not: those that waited for it come nearer.
  void end(NodeId id);
  /// Greater is more urgent.
  std::uint64_t urgency(NodeId id) const { return urgency_[position_[id]]; }
  std::optional<std::chrono::milliseconds> last_time(NodeId id) const;

 private:
  static constexpr std::uint32_t kSettled = 0xFFFFFFFF;
  void connect();
  void rank(std::optional<std::uint64_t> shuffle);
  void push(std::uint32_t position);

  Survey& survey_;
  std::vector<NodeId> settled_;
  std::vector<NodeId> open_;
  IdVec<NodeId, std::uint32_t> position_;  // In open_, or kSettled.
  // By position in open_:
  std::vector<std::uint32_t> waits_;       // Needed nodes that have not ended.
  std::vector<std::uint32_t> first_user_;  // Into users_; one row more at the end.
  std::vector<std::uint32_t> users_;
  std::vector<std::uint64_t> urgency_;
  std::vector<std::uint32_t> held_;  // Ready, but seeds come first.
  std::size_t seeds_left_ = 0;
  struct Less {
    bool operator()(const std::pair<std::uint64_t, std::uint32_t>& a,
                    const std::pair<std::uint64_t, std::uint32_t>& b) const {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    }
  };
  std::priority_queue<std::pair<std::uint64_t, std::uint32_t>,
                      std::vector<std::pair<std::uint64_t, std::uint32_t>>, Less>
      ready_;
};

/// Calls `use(NodeId)` for the producers of a node's inputs. May repeat.
template <class F>
void for_producers(const Graph& graph, NodeId id, F use) {
  for (const InputId input : graph.inputs(id)) {
    if (const std::optional<NodeId> producer = graph.producer(input)) use(*producer);
  }
}

/// The same for all that a node needs: producers of inputs, then `after`.
template <class F>
void for_needs(const Graph& graph, NodeId id, F use) {
  for_producers(graph, id, use);
  for (const NodeId before : graph.after(id))
    use(before);
}

/// The same for all whose change may make a node another one: producers of inputs, and those that
/// decide which cells there are.
template <class F>
void for_causes(const Graph& graph, NodeId id, F use) {
  for_producers(graph, id, use);
  for (const NodeId before : graph.after(id)) {
    if ((graph.node(before).flags & node_flags::kDecides) != 0) use(before);
  }
}

}  // namespace devgraph::exec
