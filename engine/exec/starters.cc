#include "engine/exec/starters.h"

#include <system_error>
#include <utility>

namespace devgraph::exec {

Starters::~Starters() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.clear();
    over_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

void Starters::add(std::function<void()> work) {
  bool all_busy = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(std::move(work));
    all_busy = busy_ + waiting_.size() > threads_.size();
  }
  if (all_busy && threads_.size() < limit_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are will do, or this one.
      if (threads_.empty()) return work_once();
    }
  }
  changed_.notify_one();
}

/// Only where there are no threads, so that nobody else takes what was added.
void Starters::work_once() {
  const std::function<void()> work = std::move(waiting_.front());
  waiting_.pop_front();
  work();
}

void Starters::drain() {
  std::unique_lock<std::mutex> lock(mutex_);
  waiting_.clear();
  changed_.wait(lock, [this] { return busy_ == 0; });
}

void Starters::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (over_) return;
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    ++busy_;
    lock.unlock();
    work();
    lock.lock();
    --busy_;
    if (busy_ == 0) changed_.notify_all();  // For `drain`.
  }
}

}  // namespace devgraph::exec
