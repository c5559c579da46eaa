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
  if (sandbox && sandbox_of == policy.workspace) return &*sandbox;
  Result<Sandbox> made = Sandbox::create(
      {.workspace = policy.workspace, .home = options.home, .abi_limit = options.abi_limit});
  if (!made) return std::unexpected(std::move(made.error()));
  sandbox = std::move(*made);
  sandbox_of = policy.workspace;
  return &*sandbox;
}

/// The rule set of one command; no descriptor where the kernel has none.
Result<Fd> ProcessRunner::State::rules_for(const SandboxPolicy& policy, int log) {
  const Result<const Sandbox*> box = sandbox_for(policy);
  if (!box) return std::unexpected(box.error());
  if (policy.required && !(*box)->is_complete()) {
    return fail("this kernel cannot hold the whole sandbox (Landlock ABI " +
                std::to_string((*box)->abi()) + ", 6 is needed); see `devgraph doctor`");
  }
  return (*box)->rules_for(policy, log);
}

Status ProcessRunner::State::start(std::uint64_t token, const Command& command) {
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
    Result<Fd> made = rules_for(command.sandbox, files->log.get());
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
  plan.reset_signals = signals.to_reset();
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
  return await(std::move(one));
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
