#pragma once
/// What may run at once: `-j` slots and weights, pools, mutexes, and the load.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph::exec {

class Capacity {
 public:
  Capacity(const Graph& graph, unsigned jobs, double load_limit);

  /// Why a node cannot start now.
  enum class Answer : std::uint8_t { Yes, NoSlot, NoPool };
  Answer may_start(NodeId id);
  void take(NodeId id);
  void give(NodeId id);
  /// True if something runs and the machine is too busy to start more.
  bool is_overloaded() const;
  bool is_idle() const { return running_ == 0; }

 private:
  struct Named {
    StrId name{};
    std::uint32_t capacity = 1;
    std::uint32_t used = 0;
  };
  unsigned weight(NodeId id) const;
  static Named* find(StrId name, std::vector<Named>& among);

  const Graph& graph_;
  unsigned jobs_;
  double load_limit_;
  unsigned used_ = 0;
  unsigned running_ = 0;
  std::vector<Named> pools_;
  std::vector<Named> mutexes_;  // Those met so far.
};

}  // namespace devgraph::exec
