#pragma once
/// What a build shows while it goes on: plain lines, or a few live ones on a terminal.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/cli/console.h"
#include "engine/cli/render.h"
#include "engine/exec/events.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

using Clock = std::function<std::chrono::steady_clock::time_point()>;

/// How long each node took when it last ran, by node; zero where that is not known. Asked once,
/// when there is time for it.
using LastTimes = std::function<std::vector<std::chrono::milliseconds>()>;

struct ProgressOptions {
  RenderStyle style;
  bool explain = false;
  bool dry_run = false;  ///< Lines of what would run go to stdout: they are what was asked for.
  unsigned jobs = 1;
  LastTimes last_times;  ///< May be empty: then no estimate is shown.
};

class Progress : public exec::Listener {
 public:
  /// The build is over: nothing live is left on the screen.
  virtual void close() = 0;
  bool anything_started() const { return started_; }

 protected:
  bool started_ = false;
};

/// One line a node, no control characters.
std::unique_ptr<Progress> plain_progress(const Graph& graph, Console& console,
                                         ProgressOptions options);
/// A few lines redrawn in place, and a block for each node that fails.
std::unique_ptr<Progress> terminal_progress(const Graph& graph, Console& console,
                                            ProgressOptions options, Clock clock);

}  // namespace devgraph::cli
