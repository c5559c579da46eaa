#include "engine/exec/capacity.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>

#include <unistd.h>

namespace devgraph::exec {

Capacity::Capacity(const Graph& graph, unsigned jobs, double load_limit, std::uint64_t memory)
    : graph_(graph), jobs_(std::max(jobs, 1U)), load_limit_(load_limit), memory_(memory) {
  for (const Pool& pool : graph.pools())
    pools_.push_back({pool.name, std::max(pool.capacity, 1U), 0});
}

/// A node heavier than the whole machine runs alone.
unsigned Capacity::weight(NodeId id) const {
  return std::clamp(graph_.traits_of(id).weight, 1U, jobs_);
}

std::uint64_t Capacity::memory(NodeId id) const {
  return std::min(graph_.traits_of(id).memory, memory_);
}

std::uint64_t Capacity::machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long size = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
}

Capacity::Named* Capacity::find(StrId name, std::vector<Named>& among) {
  if (name == StrId{}) return nullptr;
  const auto found =
      std::find_if(among.begin(), among.end(), [&](const Named& one) { return one.name == name; });
  return found == among.end() ? nullptr : &*found;
}

Capacity::Answer Capacity::may_start(NodeId id) {
  const Traits& traits = graph_.traits_of(id);
  const Named* const pool = find(traits.pool, pools_);
  if (pool && pool->used >= pool->capacity) return Answer::NoPool;
  const Named* const mutex = find(traits.mutex, mutexes_);
  if (mutex && mutex->used > 0) return Answer::NoPool;
  if (memory(id) > memory_ - used_memory_) return Answer::NoPool;
  return used_ + weight(id) <= jobs_ ? Answer::Yes : Answer::NoSlot;
}

void Capacity::take(NodeId id) {
  const Traits& traits = graph_.traits_of(id);
  used_ += weight(id);
  used_memory_ += memory(id);
  ++running_;
  if (Named* pool = find(traits.pool, pools_)) ++pool->used;
  if (traits.mutex == StrId{}) return;
  if (!find(traits.mutex, mutexes_)) mutexes_.push_back({traits.mutex, 1, 0});
  ++find(traits.mutex, mutexes_)->used;
}

void Capacity::give(NodeId id) {
  const Traits& traits = graph_.traits_of(id);
  assert(running_ > 0 && used_ >= weight(id));
  used_ -= weight(id);
  used_memory_ -= memory(id);
  --running_;
  if (Named* pool = find(traits.pool, pools_)) --pool->used;
  if (Named* mutex = find(traits.mutex, mutexes_)) --mutex->used;
}

bool Capacity::is_overloaded() const {
  if (load_limit_ <= 0 || running_ == 0) return false;
  double load = 0;
  return getloadavg(&load, 1) == 1 && load > load_limit_;
}

}  // namespace devgraph::exec
