#include "engine/base/at_once.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace devgraph {

void at_once(std::size_t count, std::size_t threads, const std::function<bool(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      if (!work(i)) next = count;
    }
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min(count, threads); ++i)
    others.emplace_back(run);
  run();
  for (std::thread& thread : others)
    thread.join();
}

}  // namespace devgraph
