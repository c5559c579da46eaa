#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/progress.h"

namespace devgraph::cli {
namespace {

using exec::Finished;
using exec::Outcome;

class PlainProgress final : public Progress {
 public:
  PlainProgress(const Graph& graph, Console& console, ProgressOptions options)
      : graph_(graph), console_(console), options_(std::move(options)) {}

  void planned(std::size_t nodes) override { total_ = nodes; }

  void started(NodeId, std::optional<std::chrono::milliseconds>) override { started_ = true; }

  void retrying(NodeId node, unsigned attempt, const std::string& why) override {
    if (console_.quiet) return;
    console_.talk(fmt::format("{} {}  attempt {}: {}\n", counter(), shown_label(graph_, node),
                              attempt, printable(why)));
  }

  void finished(const Finished& end) override {
    if (end.completes) ++done_;
    if (end.again) return;
    if (end.outcome == Outcome::Failed) {
      const std::string before = console_.quiet ? "" : counter() + " ";
      console_.talk(before + failure_block(graph_, end, options_.style));
      return;
    }
    if (options_.dry_run && end.outcome == Outcome::Run) {
      console_.data(fmt::format("run  {}{}\n", shown_label(graph_, end.node), reason_of(end)));
      return;
    }
    // A part of what its author sees as one node is told of only where something is to be said.
    const bool is_part = graph_.node(end.node).counts_with != end.node && !options_.explain;
    const bool is_good = end.outcome == Outcome::Run || end.outcome == Outcome::Restored;
    const bool dull =
        end.outcome == Outcome::Fresh || end.outcome == Outcome::NotStarted || (is_part && is_good);
    if (console_.quiet || options_.dry_run || (dull && !console_.verbose)) return;
    console_.talk(fmt::format("{} {}  {}{}\n", counter(), shown_label(graph_, end.node),
                              outcome_of(end), options_.explain ? reason_of(end) : ""));
  }

  void warning(const std::string& text) override {
    console_.talk(fmt::format("warning: {}\n", printable(text)));
  }

  void stopping(int signal, std::size_t running) override {
    console_.talk(stopping_line(signal, running));
  }

  void close() override {}

 private:
  std::string counter() const {
    const std::string total = fmt::format("{}", total_);
    return fmt::format("[{:>{}}/{}]", std::min(done_, total_), total.size(), total);
  }

  /// What ran has its time behind it, all else a word.
  std::string outcome_of(const Finished& end) const {
    switch (end.outcome) {
      case Outcome::Run:
        return human_duration(end.time);
      case Outcome::Fresh:
        return "fresh";
      case Outcome::Restored:
        return "restored";
      case Outcome::Failed:
        return "failed";
      case Outcome::NotStarted:
        return "not started";
      case Outcome::Blocked:
        break;
    }
    const std::string by = blocked_by(graph_, end);
    return by.empty() ? "blocked" : fmt::format("blocked {}", by);
  }

  static std::string reason_of(const Finished& end) {
    return end.reason.empty() ? "" : fmt::format("  # {}", printable(end.reason));
  }

  const Graph& graph_;
  Console& console_;
  ProgressOptions options_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

std::unique_ptr<Progress> plain_progress(const Graph& graph, Console& console,
                                         ProgressOptions options) {
  return std::make_unique<PlainProgress>(graph, console, std::move(options));
}

}  // namespace devgraph::cli
