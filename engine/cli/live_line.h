#pragma once
/// On a terminal: a last line that says what goes on, and for how long already.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "engine/cli/context.h"

namespace devgraph::cli {

/// Whether lines on stderr can be drawn over.
bool can_redraw(const Context& context);

/// Elsewhere, and with `-q`, there is no such line. What is printed in the meantime goes through
/// it.
class LiveLine {
 public:
  explicit LiveLine(Context& context);
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  /// `[3/7]`, and what begins now.
  void begin(std::string number, std::string what);
  /// It is over; the text stays. It may be empty.
  void end(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;
  void redraw_until_over();
  std::string drawn();
  std::string erased();

  Console& console_;
  const bool is_live_;
  std::mutex mutex_;  // Guards all below.
  std::condition_variable changed_;
  std::string number_;
  std::string what_;  // Empty: nothing goes on.
  Clock::time_point since_;
  unsigned shown_ = 0;  // Columns of the line on the screen; 0: there is none.
  bool over_ = false;
  std::thread thread_;
};

}  // namespace devgraph::cli
