#include "engine/exec/stop_signals.h"

#include <atomic>
#include <cerrno>
#include <cstdint>

#include <unistd.h>

namespace devgraph::exec {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> g_stop_signal{0};
std::atomic<int> g_stop_count{0};
std::atomic<int> g_wake{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void on_stop_signal(int number) {
  const int saved = errno;
  g_stop_signal = number;
  ++g_stop_count;
  write_wake(g_wake);
  errno = saved;
}

}  // namespace

void write_wake(int descriptor) {
  const std::uint64_t one = 1;
  // A full counter is as good as an increased one.
  [[maybe_unused]] const ssize_t count = ::write(descriptor, &one, sizeof one);
}

void StopSignals::take(int wake) {
  g_stop_signal = 0;
  g_stop_count = 0;
  g_wake = wake;
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction now;
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) {
      to_reset_.push_back(number);
    }
  }
  for (const int number : kStopSignals) {
    struct sigaction old;
    // Who ignores a signal (nohup, a shell's `&`) means it.
    if (::sigaction(number, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) continue;
    struct sigaction mine = {};
    mine.sa_handler = on_stop_signal;
    mine.sa_flags = SA_RESTART;
    ::sigemptyset(&mine.sa_mask);
    if (::sigaction(number, &mine, nullptr) != 0) continue;
    old_actions_.emplace_back(number, old);
    to_reset_.push_back(number);
  }
}

StopSignals::~StopSignals() {
  for (const auto& [number, action] : old_actions_)
    ::sigaction(number, &action, nullptr);
  g_wake = -1;
}

int StopSignals::last() {
  return g_stop_signal;
}

int StopSignals::count() {
  return g_stop_count;
}

}  // namespace devgraph::exec
