#pragma once
/// The Runner that starts real processes, on Linux.
///
/// While one exists it holds the process's handlers of INT, TERM and HUP (unless they were ignored)
/// and makes the process a child subreaper, so that daemons come to it when their command ends.
///
/// Commands do not die with the engine: after kill -9 they go on, and the lock of the state that
/// they inherit keeps the next engine waiting until they end. A parent-death signal would reach
/// only a script's shell and not what the shell runs, and so give the lock away too early.

#include <chrono>
#include <memory>
#include <string>

#include "engine/exec/runner.h"
#include "engine/exec/sandbox.h"

namespace devgraph::exec {

class ProcessRunner final : public Runner {
 public:
  struct Options {
    std::string home;                       ///< The user's HOME, for the sandbox.
    int abi_limit = kNewestAbi;             ///< See Sandbox.
    std::chrono::milliseconds grace{2000};  ///< Between TERM and KILL at a timeout.
  };
  /// Only one may exist at a time.
  static Result<std::unique_ptr<ProcessRunner>> create(Options options);
  /// Kills what still runs.
  ~ProcessRunner() override;

  Status start(std::uint64_t token, const Command& command) override;
  Result<std::vector<Exit>> wait(std::optional<std::chrono::milliseconds> limit) override;
  void wake() override;
  int stop_signal() const override;
  void stop_all(std::chrono::milliseconds grace) override;
  void inherit(int descriptor) override;
  void watch(int descriptor) override;

 private:
  struct State;
  explicit ProcessRunner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace devgraph::exec
