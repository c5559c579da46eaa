#include "engine/exec/trace.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace devgraph::exec {

void Trace::add(std::string_view label, std::string_view outcome, Clock::time_point from,
                Clock::time_point to) {
  if (!enabled()) return;
  const auto since = [&](Clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time - begun_).count();
  };
  events_.push_back({printable(label), std::string(outcome), since(from), since(to), 0});
}

Status Trace::write(Files& files) const {
  if (!enabled()) return {};
  std::vector<Event> events = events_;
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.from < b.from; });
  // Lanes as a viewer needs them: no two events of one overlap.
  std::vector<std::int64_t> free_at;
  nlohmann::json all = nlohmann::json::array();
  for (Event& event : events) {
    while (event.lane < free_at.size() && free_at[event.lane] > event.from)
      ++event.lane;
    if (event.lane == free_at.size()) free_at.push_back(0);
    free_at[event.lane] = event.to;
    all.push_back({{"name", event.label},
                   {"cat", event.outcome},
                   {"ph", "X"},
                   {"ts", event.from},
                   {"dur", event.to - event.from},
                   {"pid", 1},
                   {"tid", event.lane}});
  }
  constexpr std::uint32_t kMode = 0644;
  return files.write(path_,
                     all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
                     kMode, false);
}

}  // namespace devgraph::exec
