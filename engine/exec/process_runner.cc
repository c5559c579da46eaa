#include "engine/exec/process_runner.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <map>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/exec/sessions.h"
#include "engine/exec/spawn.h"

namespace devgraph::exec {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Groups that are being killed tell nobody when the last member is gone; they are looked at this
// often, and given up after kGiveUp (a process in a hanging disk read cannot die).
constexpr milliseconds kPoll{2};
constexpr milliseconds kGiveUp{5000};
constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> g_stop_signal{0};
std::atomic<int> g_stop_count{0};
std::atomic<int> g_wake{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void write_wake(int descriptor) {
  const std::uint64_t one = 1;
  // A full counter is as good as an increased one.
  [[maybe_unused]] const ssize_t count = ::write(descriptor, &one, sizeof one);
}

void on_stop_signal(int number) {
  const int saved = errno;
  g_stop_signal = number;
  ++g_stop_count;
  write_wake(g_wake);
  errno = saved;
}

std::unexpected<Error> cannot_open(const std::string& path) {
  return fail_errno("cannot open " + printable(path), errno);
}

/// Opens /dev/null for whichever of descriptors 0 to 2 is closed, so that no file of ours becomes
/// one of them.
void fill_standard_descriptors() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd > 2 || fd < 0) {
      if (fd > 2) ::close(fd);
      return;
    }
  }
}

/// Pointers to the strings, with a null at the end and `room` unused places at the start.
std::vector<char*> pointers(const std::vector<std::string>& strings, std::size_t room) {
  std::vector<char*> out;
  out.reserve(strings.size() + room + 1);
  out.resize(room);
  // execve does not write to them.
  for (const std::string& text : strings)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

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
  Exit exit;
};

}  // namespace

struct ProcessRunner::State {
  Options options;
  Fd epoll;
  Fd wake;
  Fd null;
  int watched = -1;
  std::map<pid_t, Running> running;
  std::vector<Exit> done;
  std::vector<int> inherited;
  std::vector<Fd> copies;  ///< Of inherited descriptors that stood in the way.
  std::vector<int> reset_signals;
  std::vector<std::pair<int, struct sigaction>> old_actions;
  std::optional<rlimit> old_limit;
  std::optional<Sandbox> sandbox;
  std::string sandbox_of;  ///< The workspace it was made for.
  std::string shell = "/bin/sh";

  Status open();
  void take_signals();
  void raise_limit();
  Status look_at_sandbox(const SandboxPolicy& policy);
  Status spawn_command(std::uint64_t token, const Command& command);
  int timeout(std::optional<Clock::time_point> until) const;
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

Status ProcessRunner::State::open() {
  fill_standard_descriptors();
  null = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return cannot_open("/dev/null");
  // Nothing else may be opened under this number.
  if (::fcntl(kLineFd, F_GETFD) < 0) ::dup3(null.get(), kLineFd, O_CLOEXEC);
  epoll = Fd(::epoll_create1(EPOLL_CLOEXEC));
  wake = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !wake) return fail_errno("cannot wait for commands", errno);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint32_t>(wake.get())}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return fail_errno("cannot wait for commands", errno);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const char* path : {"/bin/bash", "/usr/bin/bash"}) {
    if (::access(path, X_OK) == 0) shell = path;
  }
  raise_limit();
  take_signals();
  return {};
}

/// Room for a descriptor or two per command; commands get the old limit back.
void ProcessRunner::State::raise_limit() {
  rlimit limit;
  constexpr rlim_t kWanted = 16384;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kWanted) return;
  const rlimit old = limit;
  limit.rlim_cur = std::min(limit.rlim_max, kWanted);
  if (limit.rlim_cur > old.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) old_limit = old;
}

void ProcessRunner::State::take_signals() {
  g_stop_signal = 0;
  g_stop_count = 0;
  g_wake = wake.get();
  for (int number = 1; number < SIGRTMAX; ++number) {
    struct sigaction now;
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) {
      reset_signals.push_back(number);
    }
  }
  for (const int number : kStopSignals) {
    struct sigaction old;
    // Who ignores a signal (nohup, a shell's `&`) means it.
    if (::sigaction(number, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) continue;
    struct sigaction mine = {};
    mine.sa_handler = on_stop_signal;
    mine.sa_flags = SA_RESTART;
    ::sigemptyset(&mine.sa_mask);
    if (::sigaction(number, &mine, nullptr) != 0) continue;
    old_actions.emplace_back(number, old);
    reset_signals.push_back(number);
  }
}

Status ProcessRunner::State::look_at_sandbox(const SandboxPolicy& policy) {
  if (sandbox && sandbox_of == policy.workspace) return {};
  Result<Sandbox> made = Sandbox::create(
      {.workspace = policy.workspace, .home = options.home, .abi_limit = options.abi_limit});
  if (!made) return std::unexpected(std::move(made.error()));
  sandbox = std::move(*made);
  sandbox_of = policy.workspace;
  return {};
}

namespace {

/// The descriptors of one command; -1 in an Fd: the default is used.
struct Redirections {
  Fd log;
  Fd in;
  Fd out;
  Fd err;
  Fd line;
};

Result<Fd> open_output(const std::string& path, bool append) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (append ? O_APPEND : O_TRUNC);
  Fd fd(::open(path.c_str(), flags, 0666));
  if (!fd) return cannot_open(path);
  return fd;
}

Result<Redirections> redirect(const Command& command) {
  Redirections out;
  if (!command.stdin_file.empty()) {
    out.in = Fd(::open(command.stdin_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!out.in) return cannot_open(command.stdin_file);
  }
  if (!command.stdout_file.empty()) {
    Result<Fd> fd = open_output(command.stdout_file, command.stdout_append);
    if (!fd) return std::unexpected(std::move(fd.error()));
    out.out = std::move(*fd);
  }
  // One file for both is opened once: two positions in it would overwrite each other.
  if (!command.stderr_file.empty() && command.stderr_file != command.stdout_file) {
    Result<Fd> fd = open_output(command.stderr_file, command.stderr_append);
    if (!fd) return std::unexpected(std::move(fd.error()));
    out.err = std::move(*fd);
  }
  const bool needs_log = !command.argv.empty() || !command.log_head.empty();
  if (!command.log_file.empty() && needs_log) {
    out.log = Fd(::open(command.log_file.c_str(),
                        O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0666));
    if (!out.log) return cannot_open(command.log_file);
    if (!command.log_head.empty()) {
      const ssize_t count =
          ::write(out.log.get(), command.log_head.data(), command.log_head.size());
      if (count < 0) return fail_errno("cannot write " + printable(command.log_file), errno);
    }
  }
  if (!command.line_file.empty() && !command.argv.empty()) {
    Result<Fd> fd = open_output(command.line_file, false);
    if (!fd) return std::unexpected(std::move(fd.error()));
    out.line = std::move(*fd);
  }
  return out;
}

std::string marker_of(const Command& command) {
  for (const std::string& entry : command.environment) {
    if (entry.starts_with("TMPDIR=")) return entry;
  }
  return {};
}

}  // namespace

Status ProcessRunner::State::spawn_command(std::uint64_t token, const Command& command) {
  Result<Redirections> files = redirect(command);
  if (!files) return std::unexpected(std::move(files.error()));
  if (command.argv.empty()) {
    done.push_back(Exit{.token = token});
    return {};
  }
  SpawnPlan plan;
  Fd rules;
  const int log = files->log ? files->log.get() : null.get();
  if (command.sandbox.enabled) {
    if (Status looked = look_at_sandbox(command.sandbox); !looked) return looked;
    if (command.sandbox.required && !sandbox->is_complete()) {
      return fail("this kernel cannot hold the whole sandbox (Landlock ABI " +
                  std::to_string(sandbox->abi()) + ", 6 is needed); see `devgraph doctor`");
    }
    Result<Fd> made = sandbox->rules_for(command.sandbox, files->log.get());
    if (!made) return std::unexpected(std::move(made.error()));
    rules = std::move(*made);
    plan.rules = rules.get();
  }
  std::vector<char*> argv = pointers(command.argv, 0);
  const std::vector<char*> environment = pointers(command.environment, 0);
  const std::string& program = command.program.empty() ? command.argv[0] : command.program;
  plan.program = program.c_str();
  // As a shell does with a program that the kernel does not know: it is a script.
  std::vector<char*> shell_argv = argv;
  shell_argv[0] = const_cast<char*>(plan.program);
  shell_argv.insert(shell_argv.begin(), shell.data());
  plan.argv = argv.data();
  plan.shell_argv = shell_argv.data();
  plan.environment = environment.data();
  plan.folder = command.folder.c_str();
  plan.in = files->in ? files->in.get() : null.get();
  plan.out = files->out ? files->out.get() : log;
  plan.err = files->err ? files->err.get() : log;
  if (!command.stderr_file.empty() && command.stderr_file == command.stdout_file) {
    plan.err = plan.out;
  }
  plan.line = files->line.get();
  plan.inherit = inherited;
  plan.reset_signals = reset_signals;
  plan.descriptors = old_limit ? &*old_limit : nullptr;

  Running one;
  one.token = token;
  one.start = Clock::now();
  one.marker = marker_of(command);
  if (command.timeout.count() > 0) one.act = one.start + command.timeout;
  Result<Spawned> spawned = spawn(plan);
  if (!spawned) return std::unexpected(std::move(spawned.error()));
  one.pid = spawned->pid;
  one.pidfd = std::move(spawned->pidfd);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint64_t>(one.pid) << 32}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, one.pidfd.get(), &event) != 0) {
    const int code = errno;
    ::kill(-one.pid, SIGKILL);
    while (::waitpid(one.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return fail_errno("cannot wait for a command", code);
  }
  running.emplace(one.pid, std::move(one));
  return {};
}

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
    if (running.contains(pid) || session_of(pid) == ::getsid(0)) continue;
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
      if (::waitpid(pid, &status, WNOHANG) == pid) {
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

/// The leader is a zombie: kills what is left of its group while its number cannot be anybody
/// else's, then takes its status.
void ProcessRunner::State::leader_ended(Running& one) {
  ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, one.pidfd.get(), nullptr);
  const bool grace = one.phase == Running::Phase::Ending && !one.killed;
  if (!grace) ::kill(-one.pid, SIGKILL);
  rusage usage = {};
  while (::wait4(one.pid, &one.exit.wait_status, 0, &usage) < 0 && errno == EINTR) {
  }
  one.pidfd.reset();
  one.exit.token = one.token;
  one.exit.time = std::chrono::duration_cast<milliseconds>(Clock::now() - one.start);
  one.exit.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  if (!left_behind(one)) {
    done.push_back(one.exit);
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
        done.push_back(one.exit);
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
      if (static_cast<int>(events[i].data.u64) == wake.get()) {
        std::uint64_t value = 0;
        [[maybe_unused]] const ssize_t got = ::read(wake.get(), &value, sizeof value);
      }
      stop = true;
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
  for (const auto& [number, action] : state_->old_actions)
    ::sigaction(number, &action, nullptr);
  g_wake = -1;
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  if (state_->old_limit) ::setrlimit(RLIMIT_NOFILE, &*state_->old_limit);
}

Status ProcessRunner::start(std::uint64_t token, const Command& command) {
  return state_->spawn_command(token, command);
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
  return g_stop_signal;
}

void ProcessRunner::stop_all(milliseconds grace) {
  const int signals = g_stop_count;
  for (auto& [pid, one] : state_->running)
    state_->end(one, grace);
  bool hurried = false;
  while (!state_->running.empty()) {
    state_->poll(std::nullopt);
    // Who asks a second time does not want to wait.
    if (!hurried && g_stop_count != signals) {
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
