#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/progress.h"

namespace devgraph::cli {
namespace {

using exec::Finished;
using exec::Outcome;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Drawn over the lines of the frame before. The cursor is never hidden, so that nothing is to be
/// put right when the process is killed.
class TerminalProgress final : public Progress {
 public:
  TerminalProgress(const Graph& graph, Console& console, ProgressOptions options, Clock clock)
      : graph_(graph),
        console_(console),
        options_(std::move(options)),
        clock_(std::move(clock)),
        begin_(clock_()) {}
  ~TerminalProgress() override { close(); }

  void planned(std::size_t nodes) override { total_ = nodes; }

  void started(NodeId node, std::optional<milliseconds> last) override {
    started_ = true;
    running_[node] = {.since = clock_(), .last = last, .attempt = 1};
  }

  void retrying(NodeId node, unsigned attempt, const std::string& why) override {
    running_[node].attempt = attempt;
    if (console_.quiet) return;
    say(fmt::format("{} {}  attempt {}: {}\n",
                    painted(options_.style.color, Paint::Yellow, "retry"),
                    shown_label(graph_, node), attempt, printable(why)));
  }

  void finished(const Finished& end) override {
    running_.erase(end.node);
    ended_.push_back(end.node);
    count(end);
    if (end.again) return;
    if (end.outcome == Outcome::Failed) {
      say(failure_block(graph_, end, options_.style));
    } else if (options_.dry_run && end.outcome == Outcome::Run) {
      say_data(fmt::format("run  {}{}\n", shown_label(graph_, end.node), reason_of(end)));
    } else if (options_.explain && end.outcome == Outcome::Run) {
      say(fmt::format("ran  {}  {}{}\n", shown_label(graph_, end.node), human_duration(end.time),
                      reason_of(end)));
    } else if (console_.verbose && end.outcome != Outcome::NotStarted) {
      say(fmt::format("{}  {}\n", word_of(end.outcome), shown_label(graph_, end.node)));
    }
  }

  void warning(const std::string& text) override {
    say(fmt::format("{}: {}\n", painted(options_.style.color, Paint::Yellow, "warning"),
                    printable(text)));
  }

  void stopping(int signal, std::size_t running) override { say(stopping_line(signal, running)); }

  void tick() override {
    if (closed_ || console_.quiet) return;
    std::string text = erased();  // Before the frame, which changes what is shown.
    text += frame();
    console_.talk(text);
  }

  void close() override {
    if (closed_) return;
    closed_ = true;
    const std::string erase = erased();
    if (!erase.empty()) console_.talk(erase);
  }

 private:
  struct Running {
    steady_clock::time_point since;
    std::optional<milliseconds> last;
    unsigned attempt = 1;
  };

  static std::string_view word_of(Outcome outcome) {
    switch (outcome) {
      case Outcome::Run:
        return "ran";
      case Outcome::Fresh:
        return "fresh";
      case Outcome::Restored:
        return "restored";
      case Outcome::Blocked:
        return "blocked";
      case Outcome::Failed:
        return "failed";
      case Outcome::NotStarted:
        return "not started";
    }
    return {};
  }

  static std::string reason_of(const Finished& end) {
    return end.reason.empty() ? "" : fmt::format("  # {}", printable(end.reason));
  }

  void count(const Finished& end) {
    if (end.completes) ++done_;
    if (end.outcome == Outcome::Failed) ++failed_;
    if (end.outcome == Outcome::Blocked) ++blocked_;
  }

  /// Text that stays, above the live lines.
  void say(const std::string& text) { console_.talk(erased() + text); }
  void say_data(const std::string& text) {
    const std::string erase = erased();
    if (!erase.empty()) console_.talk(erase);
    console_.data(text);
  }

  /// What takes the last frame away, line by line: some terminals keep a screen that is erased as
  /// a whole. After a resize its lines may fill more rows than they did.
  std::string erased() {
    if (shown_.empty()) return {};
    const unsigned width = std::max(1u, console_.width());
    unsigned rows = 0;
    for (const unsigned columns : shown_)
      rows += std::max(1u, (columns + width - 1) / width);
    shown_.clear();
    std::string text = "\r\x1b[2K";
    for (unsigned i = 0; i < rows; ++i)
      text += "\x1b[A\x1b[2K";
    return text;
  }

  std::string frame() {
    const unsigned width = std::max(20u, console_.width()) - 1;
    std::vector<std::string> lines = {head_line()};
    std::vector<std::pair<steady_clock::time_point, NodeId>> oldest;
    oldest.reserve(running_.size());
    for (const auto& [node, run] : running_)
      oldest.emplace_back(run.since, node);
    std::sort(oldest.begin(), oldest.end());
    constexpr std::size_t kMost = 8;
    const std::size_t most = std::clamp<std::size_t>(console_.height() / 3, 1, kMost);
    for (std::size_t i = 0; i < std::min(most, oldest.size()); ++i)
      lines.push_back(running_line(oldest[i].second, width));
    if (oldest.size() > most) lines.push_back(fmt::format("   and {} more", oldest.size() - most));
    std::string text;
    for (const std::string& line : lines) {
      const std::string shown = cut_to_width(line, width);
      shown_.push_back(text_width(shown));
      text += shown + "\n";
    }
    return text;
  }

  std::string head_line() {
    std::string line = fmt::format("[{}/{}]", std::min(done_, total_), total_);
    if (failed_ > 0) line += fmt::format(" {} failed", failed_);
    if (blocked_ > 0) line += fmt::format(" {} blocked", blocked_);
    if (!running_.empty()) line += fmt::format(" {} running", running_.size());
    line += fmt::format("  {}", human_duration(since(begin_)));
    if (const std::optional<milliseconds> left = estimate()) {
      line += fmt::format("  about {} left", human_duration(*left));
    }
    return line;
  }

  std::string running_line(NodeId node, unsigned width) const {
    const Running& run = running_.at(node);
    const std::string time = fmt::format("{:>8} ", human_duration(since(run.since)));
    std::string behind;
    if (run.attempt > 1) behind += fmt::format("  attempt {}", run.attempt);
    if (run.last) behind += fmt::format("  (last {})", human_duration(*run.last));
    const unsigned taken = text_width(time) + text_width(behind);
    const std::string label = shown_label(graph_, node);
    return time + (width > taken ? cut_middle(label, width - taken) : label) + behind;
  }

  milliseconds since(steady_clock::time_point start) const {
    return std::chrono::duration_cast<milliseconds>(clock_() - start);
  }

  /// The recorded times of what has not ended, shared by the jobs; not below what the longest of
  /// the running ones still needs. Much of it may turn out to be fresh, so it is an upper bound.
  std::optional<milliseconds> estimate() {
    if (!options_.last_times || running_.empty()) return std::nullopt;
    if (left_.empty()) {
      left_ = options_.last_times();
      left_.resize(graph_.node_count());
    }
    for (const NodeId node : ended_)
      left_[index_of(node)] = milliseconds(0);
    ended_.clear();
    milliseconds work{0};
    for (const milliseconds time : left_)
      work += time;
    milliseconds longest{0};
    for (const auto& [node, run] : running_) {
      const milliseconds recorded = left_[index_of(node)];
      const milliseconds left = std::max(milliseconds(0), recorded - since(run.since));
      work += left - recorded;
      longest = std::max(longest, left);
    }
    const milliseconds left = std::max(longest, work / std::max(1u, options_.jobs));
    constexpr milliseconds kWorthSaying{1000};
    if (left < kWorthSaying) return std::nullopt;
    return left;
  }

  const Graph& graph_;
  Console& console_;
  ProgressOptions options_;
  Clock clock_;
  steady_clock::time_point begin_;
  std::map<NodeId, Running> running_;
  std::vector<NodeId> ended_;       ///< Since the last estimate.
  std::vector<milliseconds> left_;  ///< By node: its recorded time, until it has ended.
  std::vector<unsigned> shown_;     ///< The columns of each line of the frame on the screen.
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t blocked_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Progress> terminal_progress(const Graph& graph, Console& console,
                                            ProgressOptions options, Clock clock) {
  return std::make_unique<TerminalProgress>(graph, console, std::move(options), std::move(clock));
}

}  // namespace devgraph::cli
