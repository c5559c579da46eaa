#pragma once
/// Runs the commands of a build as functions on files in memory: from a node's label to what it
/// does. They end in a random order that a seed decides.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/runner.h"
#include "engine/exec/stage.h"
#include "engine/graph/graph.h"

namespace devgraph {

class FakeRunner final : public exec::Runner {
 public:
  /// What a command sees and can do.
  class Job {
   public:
    std::string label() const;
    const exec::Command& command() const { return command_; }
    NodeId node() const { return command_.node; }
    unsigned attempt() const { return attempt_; }
    Files& files() { return runner_.files_; }

    /// The content of input number `index`; a fault of the file system is a failing test.
    std::string input(std::size_t index) const;
    std::string input_path(std::size_t index) const;
    std::size_t input_count() const;
    /// Where output number `index` is to be made.
    std::string output_path(std::size_t index) const;
    void output(std::size_t index, std::string_view content, bool executable = false);
    void print(std::string_view text);
    /// Ends as if by this signal, or by its timeout.
    void die(int signal) { signal_ = signal; }
    void time_out() { timed_out_ = true; }

   private:
    friend class FakeRunner;
    Job(FakeRunner& runner, const exec::Command& command, unsigned attempt)
        : runner_(runner), command_(command), attempt_(attempt) {}
    exec::Stage stage() const;

    FakeRunner& runner_;
    const exec::Command& command_;
    unsigned attempt_;
    int signal_ = 0;
    bool timed_out_ = false;
  };
  /// Returns the exit status.
  using Action = std::function<int(Job&)>;

  FakeRunner(const Graph& graph, Files& files, std::string workspace, std::uint64_t seed = 1);

  void on(const std::string& label, Action action) { actions_[label] = std::move(action); }
  void otherwise(Action action) { otherwise_ = std::move(action); }

  /// Labels in the order in which they ended.
  std::vector<std::string> ran;
  std::size_t most_at_once = 0;
  /// A signal asks to stop once this many commands have ended; 0: never.
  std::size_t stop_after = 0;
  /// Starts that fail first, each with this errno, for lack of processes.
  std::size_t shortages = 0;

  Status start(std::uint64_t token, const exec::Command& command) override;
  Result<std::vector<exec::Exit>> wait(std::optional<std::chrono::milliseconds> limit) override;
  void wake() override;
  int stop_signal() const override;
  void stop_all(std::chrono::milliseconds grace) override;

 private:
  struct Started {
    std::uint64_t token = 0;
    exec::Command command;
  };
  exec::Exit finish(const Started& started);

  const Graph& graph_;
  Files& files_;
  std::string workspace_;
  std::mt19937_64 random_;
  std::map<std::string, Action> actions_;
  Action otherwise_;
  std::vector<Started> running_;
  std::map<std::string, unsigned> attempts_;
  std::mutex mutex_;  // Guards woken_.
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace devgraph
