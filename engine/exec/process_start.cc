// ProcessRunner: what is set up once, and how a command starts.

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/exec/process_state.h"
#include "engine/exec/redirections.h"
#include "engine/exec/spawn.h"

namespace devgraph::exec {
namespace {

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

std::string marker_of(const Command& command) {
  for (const std::string& entry : command.environment) {
    if (entry.starts_with("TMPDIR=")) return entry;
  }
  return {};
}

}  // namespace

Status ProcessRunner::State::open() {
  fill_standard_descriptors();
  null = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail_errno("cannot open /dev/null", errno);
  // Nothing else may be opened under this number.
  if (::fcntl(kLineFd, F_GETFD) < 0) ::dup3(null.get(), kLineFd, O_CLOEXEC);
  epoll = Fd(::epoll_create1(EPOLL_CLOEXEC));
  wake = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll) return fail_errno("cannot wait for commands", errno);
  begun_ready = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  for (const Fd* ready : {&wake, &begun_ready}) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint32_t>(ready->get())}};
    if (!*ready || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, ready->get(), &event) != 0) {
      return fail_errno("cannot wait for commands", errno);
    }
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const char* path : {"/bin/bash", "/usr/bin/bash"}) {
    if (::access(path, X_OK) == 0) shell = path;
  }
  raise_limit();
  signals.take(wake.get());
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

Result<const Sandbox*> ProcessRunner::State::sandbox_for(const SandboxPolicy& policy) {
  if (!sandbox || sandbox_of != policy.workspace) {
    starters.drain();  // They may be using the old one.
    Result<Sandbox> made = Sandbox::create(
        {.workspace = policy.workspace, .home = options.home, .abi_limit = options.abi_limit});
    if (!made) return std::unexpected(std::move(made.error()));
    sandbox = std::move(*made);
    sandbox_of = policy.workspace;
  }
  if (policy.required && !sandbox->is_complete()) {
    return fail("this kernel cannot hold the whole sandbox (Landlock ABI " +
                std::to_string(sandbox->abi()) + ", 6 is needed); see `devgraph doctor`");
  }
  return &*sandbox;
}

/// Straight away if nothing else is to be done meanwhile, else by the starters.
Status ProcessRunner::State::start(std::uint64_t token, const Command& command) {
  const Sandbox* box = nullptr;
  if (command.sandbox.enabled) {
    const Result<const Sandbox*> made = sandbox_for(command.sandbox);
    if (!made) return std::unexpected(made.error());
    box = *made;
  }
  if (command.argv.empty()) {
    if (const Result<Redirections> files = redirect(command); !files) {
      return std::unexpected(files.error());
    }
    done.push_back(Exit{.token = token});
    return {};
  }
  if (running.empty() && starting == 0) {
    Result<Running> one = begin(token, command, box);
    if (!one) return std::unexpected(std::move(one.error()));
    return await(std::move(*one));
  }
  ++starting;
  starters.add([this, token, &command, box] {
    Begun one{.token = token, .command = begin(token, command, box)};
    {
      const std::lock_guard<std::mutex> lock(begun_mutex);
      begun.push_back(std::move(one));
    }
    write_wake(begun_ready.get());
  });
  return {};
}

/// From here on the poll loop knows of what the starters have started.
void ProcessRunner::State::take_begun() {
  std::vector<Begun> all;
  {
    const std::lock_guard<std::mutex> lock(begun_mutex);
    all.swap(begun);
  }
  starting -= all.size();
  for (Begun& one : all) {
    const Status awaited =
        one.command ? await(std::move(*one.command)) : Status(std::unexpected(one.command.error()));
    if (awaited) continue;
    Exit exit{.token = one.token};
    exit.not_started = awaited.error();
    done.push_back(std::move(exit));
  }
}

/// From any thread.
Result<ProcessRunner::State::Running> ProcessRunner::State::begin(std::uint64_t token,
                                                                  const Command& command,
                                                                  const Sandbox* box) const {
  Result<Redirections> files = redirect(command);
  if (!files) return std::unexpected(std::move(files.error()));
  SpawnPlan plan;
  Fd rules;
  std::unique_ptr<LogFilter> filter;
  if (command.redactor && files->log) {
    Result<std::unique_ptr<LogFilter>> made = LogFilter::start(files->log.get(), command.redactor);
    if (!made) return std::unexpected(std::move(made.error()));
    filter = std::move(*made);
  }
  const int log = filter ? filter->writing_end() : files->log ? files->log.get() : null.get();
  if (box) {
    Result<Fd> made = box->rules_for(command.sandbox, files->log.get());
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
  shell_argv.insert(shell_argv.begin(), const_cast<char*>(shell.data()));
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
  plan.reset_signals = signals.to_reset();
  plan.descriptors = old_limit ? &*old_limit : nullptr;

  Running one;
  one.token = token;
  one.start = Clock::now();
  one.marker = marker_of(command);
  if (command.timeout.count() > 0) one.act = one.start + command.timeout;
  Result<Spawned> spawned = spawn(plan);
  if (!spawned) return std::unexpected(std::move(spawned.error()));
  if (filter) filter->started();
  one.filter = std::move(filter);
  one.pid = spawned->pid;
  one.pidfd = std::move(spawned->pidfd);
  return one;
}

/// From here on the poll loop knows of the command.
Status ProcessRunner::State::await(Running one) {
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

}  // namespace devgraph::exec
