#include "engine/exec/process_runner.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/exec/process_state.h"

namespace devgraph::exec {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Groups that are being killed tell nobody when the last member is gone; they are looked at this
// often, and given up after kGiveUp (a process in a hanging disk read cannot die).
constexpr milliseconds kPoll{2};
constexpr milliseconds kGiveUp{5000};
}  // namespace

// --- ends
// -----------------------------------------------------------------------------------------

/// Whether an orphan was left by a command.
Marked ProcessRunner::State::is_of(const Running& one, pid_t pid) {
  if (session_of(pid) == one.pid) return Marked::Yes;
  return one.marker.empty() ? Marked::No : is_marked(pid, one.marker);
}

/// Sends a signal to everything that belongs to a command.
void ProcessRunner::State::signal(Running& one, int number) {
  ::kill(-one.pid, number);
  signal_session(one.pid, number);
  for (const pid_t pid : own_children()) {
    const pid_t session = session_of(pid);
    if (running.contains(pid) || session == ::getsid(0) || session == one.pid) continue;
    if (is_of(one, pid) == Marked::Yes) ::kill(pid, number);
  }
  // A stopped process hears nothing but KILL.
  if (number != SIGKILL) ::kill(-one.pid, SIGCONT);
}

/// TERM now, KILL after the grace.
void ProcessRunner::State::end(Running& one, milliseconds grace) {
  if (one.phase == Running::Phase::Runs) {
    one.phase = Running::Phase::Ending;
    signal(one, SIGTERM);
  }
  one.act = std::min(one.act, Clock::now() + grace);
}

/// Looks once for processes that a command left: its group, its session, and daemons known by their
/// environment. Reaps those that ended; kills the others unless they have a grace. True if any is
/// alive, or may be.
bool ProcessRunner::State::left_behind(Running& one) {
  const bool kill_now = one.killed || one.phase == Running::Phase::Runs;
  bool alive = false;
  bool unsure = false;
  int status = 0;
  pid_t reaped = 0;
  while ((reaped = ::waitpid(-one.pid, &status, WNOHANG)) > 0) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) one.exit.left_children = true;
  }
  // Orphans of the group are our children, so no child means no member.
  if (reaped == 0) {
    alive = true;
    if (kill_now) ::kill(-one.pid, SIGKILL);
  }
  const pid_t own_session = ::getsid(0);
  bool again = true;
  while (again) {
    again = false;
    for (const pid_t pid : own_children()) {
      if (running.contains(pid)) continue;
      const pid_t session = session_of(pid);
      if (session == own_session) continue;  // A child of another part of this program.
      // What a starter has just started is not known here yet: its end must stay to be seen.
      const bool known = starting == 0 || session == one.pid;
      if (known && ::waitpid(pid, &status, WNOHANG) == pid) {
        again = true;  // Its children may be ours since the list was made.
        continue;
      }
      const Marked of_it = is_of(one, pid);
      unsure = unsure || of_it == Marked::Unknown;
      if (of_it != Marked::Yes) continue;
      alive = true;
      if (kill_now) ::kill(session == pid ? -pid : pid, SIGKILL);
    }
  }
  if (alive) one.exit.left_children = true;
  return alive || unsure;
}

/// It has ended, and its log is whole.
void ProcessRunner::State::tell(Running& one) {
  if (one.filter) one.filter->finish();
  done.push_back(one.exit);
}

/// The leader is a zombie: kills what is left of its group while its number cannot be anybody
/// else's, then takes its status.
void ProcessRunner::State::leader_ended(Running& one) {
  ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, one.pidfd.get(), nullptr);
  const bool grace = one.phase == Running::Phase::Ending && !one.killed;
  if (!grace) ::kill(-one.pid, SIGKILL);
  while (::waitpid(one.pid, &one.exit.wait_status, 0) < 0 && errno == EINTR) {
  }
  one.pidfd.reset();
  one.exit.token = one.token;
  one.exit.time = std::chrono::duration_cast<milliseconds>(Clock::now() - one.start);
  if (!left_behind(one)) {
    tell(one);
    running.erase(one.pid);
    return;
  }
  if (!grace) {
    one.killed = true;
    one.act = Clock::now() + kGiveUp;
  }
  one.phase = Running::Phase::Drains;
}

/// True when nothing of the command is left, or it was given up.
bool ProcessRunner::State::drained(Running& one) {
  if (!left_behind(one)) return true;
  if (Clock::now() < one.act) return false;
  if (one.killed) return true;
  one.killed = true;
  one.act = Clock::now() + kGiveUp;
  signal(one, SIGKILL);
  return false;
}

void ProcessRunner::State::act_on_time(Clock::time_point now) {
  for (auto at = running.begin(); at != running.end();) {
    Running& one = at->second;
    if (one.phase == Running::Phase::Drains) {
      if (drained(one)) {
        tell(one);
        at = running.erase(at);
        continue;
      }
    } else if (now >= one.act) {
      if (one.phase == Running::Phase::Runs) {
        one.exit.timed_out = true;
        one.act = Clock::time_point::max();
        end(one, options.grace);
      } else {
        one.killed = true;
        one.act = Clock::time_point::max();
        signal(one, SIGKILL);
      }
    }
    ++at;
  }
}

/// Kills and reaps orphans that could not be told to belong to any command. Only when none runs.
void ProcessRunner::State::reap_daemons() {
  const pid_t own_session = ::getsid(0);
  for (int round = 0; round < 100; ++round) {
    bool any = false;
    for (const pid_t pid : own_children()) {
      const pid_t session = session_of(pid);
      if (session == own_session || running.contains(pid)) continue;
      any = true;
      ::kill(session == pid ? -pid : pid, SIGKILL);
      ::waitpid(pid, nullptr, WNOHANG);
    }
    if (!any) return;
    ::usleep(1000);
  }
}

// --- waiting
// --------------------------------------------------------------------------------------

int ProcessRunner::State::timeout(std::optional<Clock::time_point> until) const {
  Clock::time_point next = until.value_or(Clock::time_point::max());
  const Clock::time_point now = Clock::now();
  for (const auto& [pid, one] : running) {
    next = std::min(next, one.phase == Running::Phase::Drains ? now + kPoll : one.act);
  }
  if (next == Clock::time_point::max()) return -1;
  if (next <= now) return 0;
  const auto left = std::chrono::ceil<milliseconds>(next - now).count();
  return static_cast<int>(std::min<decltype(left)>(left, 1'000'000));
}

/// Waits for events once and handles them. True if `wait` should return even without an exit.
bool ProcessRunner::State::poll(std::optional<Clock::time_point> until) {
  epoll_event events[64];
  const int count = ::epoll_wait(epoll.get(), events, 64, timeout(until));
  bool stop = false;
  for (int i = 0; i < count; ++i) {
    const auto pid = static_cast<pid_t>(events[i].data.u64 >> 32);
    if (pid == 0) {
      const int ready = static_cast<int>(events[i].data.u64);
      if (ready == wake.get() || ready == begun_ready.get()) {
        std::uint64_t value = 0;
        [[maybe_unused]] const ssize_t got = ::read(ready, &value, sizeof value);
      }
      if (ready == begun_ready.get()) {
        take_begun();
      } else {
        stop = true;
      }
      continue;
    }
    const auto found = running.find(pid);
    if (found != running.end()) leader_ended(found->second);
  }
  act_on_time(Clock::now());
  return stop;
}

// --- the interface
// --------------------------------------------------------------------------------

ProcessRunner::ProcessRunner(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ProcessRunner>> ProcessRunner::create(Options options) {
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  if (Status opened = state->open(); !opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<ProcessRunner>(new ProcessRunner(std::move(state)));
}

ProcessRunner::~ProcessRunner() {
  stop_all(milliseconds{0});
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  const std::optional<rlimit>& limit = state_->old_limit;
  if (limit) ::setrlimit(RLIMIT_NOFILE, &*limit);
}

Status ProcessRunner::start(std::uint64_t token, const Command& command) {
  return state_->start(token, command);
}

Result<std::vector<Exit>> ProcessRunner::wait(std::optional<milliseconds> limit) {
  std::optional<Clock::time_point> until;
  if (limit) until = Clock::now() + *limit;
  while (state_->done.empty()) {
    const bool stop = state_->poll(until);
    if (stop || stop_signal() != 0) break;
    if (until && Clock::now() >= *until) break;
  }
  return std::exchange(state_->done, {});
}

void ProcessRunner::wake() {
  write_wake(state_->wake.get());
}

int ProcessRunner::stop_signal() const {
  return StopSignals::last();
}

void ProcessRunner::stop_all(milliseconds grace) {
  const int signals = StopSignals::count();
  state_->starters.drain();
  state_->take_begun();
  state_->starting = 0;  // What was not begun is forgotten.
  for (auto& [pid, one] : state_->running)
    state_->end(one, grace);
  bool hurried = false;
  while (!state_->running.empty()) {
    state_->poll(std::nullopt);
    // Who asks a second time does not want to wait.
    if (!hurried && StopSignals::count() != signals) {
      hurried = true;
      for (auto& [pid, one] : state_->running)
        one.act = std::min(one.act, Clock::now());
    }
  }
  state_->done.clear();
  state_->reap_daemons();
}

void ProcessRunner::inherit(int descriptor) {
  if (descriptor != kLineFd) {
    state_->inherited.push_back(descriptor);
    return;
  }
  Fd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, kLineFd + 1));
  if (!copy) return;
  state_->inherited.push_back(copy.get());
  state_->copies.push_back(std::move(copy));
}

void ProcessRunner::watch(int descriptor) {
  if (descriptor == state_->watched) return;
  if (state_->watched >= 0) {
    ::epoll_ctl(state_->epoll.get(), EPOLL_CTL_DEL, state_->watched, nullptr);
  }
  state_->watched = descriptor;
  if (descriptor < 0) return;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint32_t>(descriptor)}};
  ::epoll_ctl(state_->epoll.get(), EPOLL_CTL_ADD, descriptor, &event);
}

}  // namespace devgraph::exec
