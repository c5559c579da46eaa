#include "engine/exec/asking.h"

#include <algorithm>
#include <thread>
#include <vector>

namespace devgraph::exec {

void ask_all(std::size_t count, const std::function<void(std::size_t)>& ask) {
  constexpr std::size_t kAtOnce = 16;
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++)
      ask(i);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(count, kAtOnce); ++i)
    threads.emplace_back(run);
  run();
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace devgraph::exec
