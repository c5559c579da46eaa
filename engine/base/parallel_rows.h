#pragma once
/// A loop over rows, on several threads where there are enough of them. Calls must not depend on
/// each other.

#include <atomic>
#include <cstddef>
#include <mutex>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "engine/base/result.h"

namespace devgraph {

/// How much work a row is.
struct RowWork {
  std::size_t parallel_from = 512;  ///< Below this many rows threads cost more than they save.
  std::size_t grain = 128;
};
/// Rows that read or write a file each.
inline constexpr RowWork kFileRows{.parallel_from = 256, .grain = 64};
/// Rows that are a whole folder each.
inline constexpr RowWork kFolderRows{.parallel_from = 16, .grain = 1};

/// `use(i)` for each i below `count`.
template <class F>
void for_rows(std::size_t count, F use, RowWork work = {}) {
  if (count < work.parallel_from) {
    for (std::size_t i = 0; i < count; ++i)
      use(i);
    return;
  }
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, work.grain), [&](const auto& range) {
    for (std::size_t i = range.begin(); i < range.end(); ++i)
      use(i);
  });
}

/// The same with a `use` that may fail: the error of the first row that did, in their order. Rows
/// behind it may have been left out.
template <class F>
Status try_rows(std::size_t count, F use, RowWork work = {}) {
  std::atomic<std::size_t> bad = count;
  std::mutex mutex;  // Guards error.
  Error error;
  for_rows(
      count,
      [&](std::size_t i) {
        if (i > bad) return;
        const Status done = use(i);
        if (done) return;
        const std::lock_guard<std::mutex> lock(mutex);
        if (i > bad) return;
        bad = i;
        error = done.error();
      },
      work);
  if (bad == count) return {};
  return std::unexpected(error);
}

}  // namespace devgraph
