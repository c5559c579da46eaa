#pragma once
/// A loop over rows, on several threads where there are enough of them.

#include <cstddef>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

namespace devgraph::exec {

/// Below this many rows threads cost more than they save.
inline constexpr std::size_t kParallelFrom = 512;
inline constexpr std::size_t kGrain = 128;

/// `use(i)` for each i below `count`; calls must not depend on each other.
template <class F>
void for_rows(std::size_t count, F use) {
  if (count < kParallelFrom) {
    for (std::size_t i = 0; i < count; ++i)
      use(i);
    return;
  }
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, kGrain), [&](const auto& range) {
    for (std::size_t i = range.begin(); i < range.end(); ++i)
      use(i);
  });
}

}  // namespace devgraph::exec
