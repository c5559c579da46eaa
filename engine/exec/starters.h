#pragma once
/// Threads that start commands. Starting one takes until its program was executed, as long as all
/// that the coordinator does for a small command; here the coordinator does not wait for it.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace devgraph::exec {

class Starters {
 public:
  explicit Starters(std::size_t threads) : limit_(threads) {}
  ~Starters();
  Starters(const Starters&) = delete;
  Starters& operator=(const Starters&) = delete;

  /// Work begins in the order in which it was added. Threads are made when they are needed.
  void add(std::function<void()> work);
  /// Forgets what no thread has begun, and waits for the rest.
  void drain();

 private:
  void run();
  void work_once();

  const std::size_t limit_;
  std::mutex mutex_;  // Guards all below but the threads.
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t busy_ = 0;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace devgraph::exec
