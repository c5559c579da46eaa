#pragma once
/// INT, TERM and HUP as a wish to stop, that wakes a poll loop.

#include <csignal>
#include <utility>
#include <vector>

namespace devgraph::exec {

/// Takes over the signals from `take` until it is destroyed. One at a time.
class StopSignals {
 public:
  StopSignals() = default;
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// `wake` is an eventfd that is written to at each signal; it outlives this object. Signals that
  /// were ignored stay so.
  void take(int wake);
  /// The last one that came, or 0; and how many came.
  static int last();
  static int count();
  /// What commands must set to the default action: what is ignored here, and what is handled.
  const std::vector<int>& to_reset() const { return to_reset_; }

 private:
  std::vector<int> to_reset_;
  std::vector<std::pair<int, struct sigaction>> old_actions_;
};

/// Makes a poll on an eventfd return. Async-signal-safe.
void write_wake(int descriptor);

}  // namespace devgraph::exec
