#pragma once
/// What ran when, in the JSON of Chrome's trace viewer (chrome://tracing, ui.perfetto.dev).

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"

namespace devgraph::exec {

class Trace {
 public:
  using Clock = std::chrono::steady_clock;
  /// An empty path: nothing is kept.
  explicit Trace(std::string path) : path_(std::move(path)), begun_(Clock::now()) {}

  bool enabled() const { return !path_.empty(); }
  void add(std::string_view label, std::string_view outcome, Clock::time_point from,
           Clock::time_point to);
  Status write(Files& files) const;

 private:
  struct Event {
    std::string label;
    std::string outcome;
    std::int64_t from = 0;  ///< Microseconds since the start.
    std::int64_t to = 0;
    std::size_t lane = 0;
  };
  std::string path_;
  Clock::time_point begun_;
  std::vector<Event> events_;
};

}  // namespace devgraph::exec
