#pragma once
/// The inside of ProcessRunner.

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "engine/base/fd.h"
#include "engine/exec/log_filter.h"
#include "engine/exec/process_runner.h"
#include "engine/exec/sessions.h"
#include "engine/exec/starters.h"
#include "engine/exec/stop_signals.h"

namespace devgraph::exec {

struct ProcessRunner::State {
  using Clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;

  /// One command and what is known of it.
  struct Running {
    enum class Phase : std::uint8_t {
      Runs,
      Ending,  ///< Its leader got TERM.
      Drains,  ///< Its leader is gone, processes that it left are not.
    };
    std::uint64_t token = 0;
    pid_t pid = -1;
    Fd pidfd;
    std::string marker;  ///< `TMPDIR=…`: the environment by which its daemons are known.
    Clock::time_point start;
    Phase phase = Phase::Runs;
    bool killed = false;                               ///< KILL was sent.
    Clock::time_point act = Clock::time_point::max();  ///< When to send TERM, KILL, or to give up.
    std::unique_ptr<LogFilter> filter;  ///< Or null. Finished before the exit is told.
    Exit exit;
  };

  /// What a starter gives back.
  struct Begun {
    std::uint64_t token = 0;
    Result<Running> command;
  };

  Options options;
  Fd epoll;
  Fd wake;
  Fd begun_ready;  ///< An eventfd: `begun` has something.
  Fd null;
  int watched = -1;
  std::map<pid_t, Running> running;
  std::vector<Exit> done;
  std::vector<int> inherited;
  std::vector<Fd> copies;  ///< Of inherited descriptors that stood in the way.
  StopSignals signals;
  std::optional<rlimit> old_limit;
  std::optional<Sandbox> sandbox;
  std::string sandbox_of;  ///< The workspace it was made for.
  std::string shell = "/bin/sh";
  std::size_t starting = 0;  ///< Given to the starters, and not taken from `begun` yet.
  std::mutex begun_mutex;
  std::vector<Begun> begun;  ///< Guarded by begun_mutex.
  Starters starters{std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4)};

  Status open();
  void raise_limit();
  Result<const Sandbox*> sandbox_for(const SandboxPolicy& policy);
  Status start(std::uint64_t token, const Command& command);
  Result<Running> begin(std::uint64_t token, const Command& command, const Sandbox* box) const;
  Status await(Running one);
  void take_begun();
  int timeout(std::optional<Clock::time_point> until) const;
  void tell(Running& one);
  void leader_ended(Running& one);
  bool drained(Running& one);
  static Marked is_of(const Running& one, pid_t pid);
  bool left_behind(Running& one);
  void signal(Running& one, int number);
  void end(Running& one, milliseconds grace);
  void act_on_time(Clock::time_point now);
  void reap_daemons();
  bool poll(std::optional<Clock::time_point> until);
};

}  // namespace devgraph::exec
