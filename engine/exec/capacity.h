#pragma once
/// What may run at once: `-j` slots and weights, pools, mutexes, memory, and the load.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph::exec {

class Capacity {
 public:
  /// `memory`: bytes that the machine has.
  Capacity(const Graph& graph, unsigned jobs, double load_limit,
           std::uint64_t memory = machine_memory());
  static std::uint64_t machine_memory();

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
  std::uint64_t memory(NodeId id) const;
  static Named* find(StrId name, std::vector<Named>& among);

  const Graph& graph_;
  unsigned jobs_;
  double load_limit_;
  std::uint64_t memory_;
  std::uint64_t used_memory_ = 0;
  unsigned used_ = 0;
  unsigned running_ = 0;
  std::vector<Named> pools_;
  std::vector<Named> mutexes_;  // Those met so far.
};

}  // namespace devgraph::exec
