#include "engine/exec/spawn.h"

#include <cerrno>
#include <csignal>
#include <new>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/exec/runner.h"
#include "engine/exec/sandbox.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace devgraph::exec {
namespace {

enum class Step : int { None, Descriptors, Folder, Limits, Sandbox, Program };

/// Shared with the child, which runs in our memory until it calls execve.
struct Child {
  const SpawnPlan* plan = nullptr;
  Step step = Step::None;
  int code = 0;
};

// The child shares our memory but has signal actions and descriptors of its own. It runs on a small
// stack while we are suspended, and may call nothing but plain system calls.
#define DEVGRAPH_CHILD_CODE __attribute__((no_sanitize("address", "thread", "undefined")))

DEVGRAPH_CHILD_CODE int give_up(Child* child, Step step) {
  child->step = step;
  child->code = errno;
  ::_exit(127);
}

DEVGRAPH_CHILD_CODE bool place(int from, int to) {
  if (from == to) return ::fcntl(to, F_SETFD, 0) == 0;
  return ::dup2(from, to) == to;
}

DEVGRAPH_CHILD_CODE int run_child(void* raw) {
  Child* child = static_cast<Child*>(raw);
  const SpawnPlan& plan = *child->plan;
  ::setsid();
  // Before signals are let through: a handler of ours must not run here.
  struct sigaction action;
  action.sa_handler = SIG_DFL;
  action.sa_flags = 0;
  ::sigemptyset(&action.sa_mask);
  for (const int number : plan.reset_signals)
    ::sigaction(number, &action, nullptr);

  if (!place(plan.in, 0) || !place(plan.out, 1) || !place(plan.err, 2)) {
    return give_up(child, Step::Descriptors);
  }
  // Where the kernel is too old for it, all others were marked when the runner was made.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int descriptor : plan.inherit)
    ::fcntl(descriptor, F_SETFD, 0);
  if (plan.line >= 0 && !place(plan.line, kLineFd)) return give_up(child, Step::Descriptors);

  if (::chdir(plan.folder) != 0) return give_up(child, Step::Folder);
  ::umask(022);
  if (plan.descriptors && ::setrlimit(RLIMIT_NOFILE, plan.descriptors) != 0) {
    return give_up(child, Step::Limits);
  }
  if (plan.rules >= 0) {
    errno = Sandbox::enter(plan.rules);
    if (errno != 0) return give_up(child, Step::Sandbox);
  }
  ::sigprocmask(SIG_SETMASK, &action.sa_mask, nullptr);
  ::execve(plan.program, plan.argv, plan.environment);
  if (errno == ENOEXEC && plan.shell_argv) {
    ::execve(plan.shell_argv[0], plan.shell_argv, plan.environment);
  }
  return give_up(child, Step::Program);
}

// ThreadSanitizer keeps its view of a thread, its signal handlers among it, in memory that the
// child must not share with us; what the child reports lies in shared memory in any case.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DEVGRAPH_OWN_MEMORY_FOR_CHILDREN
#endif
#endif
#ifdef DEVGRAPH_OWN_MEMORY_FOR_CHILDREN
constexpr int kChildMemory = 0;
#else
constexpr int kChildMemory = CLONE_VM;
#endif

/// The stack of the child, and at its low end what the child reports. One is enough for a thread:
/// we are suspended while it is in use.
class ChildStack {
 public:
  ChildStack() {
    // Growing down into a page without access would be caught; 64 KiB is ten times what is used.
    void* start = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (start != MAP_FAILED) start_ = static_cast<char*>(start);
  }
  ~ChildStack() {
    if (start_) ::munmap(start_, kSize);
  }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  char* top() const { return start_ ? start_ + kSize : nullptr; }
  void* bottom() const { return start_; }

 private:
  static constexpr std::size_t kSize = std::size_t{64} * 1024;
  char* start_ = nullptr;
};

std::unexpected<Error> explain(const Child& child) {
  const SpawnPlan& plan = *child.plan;
  switch (child.step) {
    case Step::Folder:
      return fail_errno("cannot enter " + printable(plan.folder), child.code);
    case Step::Sandbox:
      return fail_errno("cannot enter the sandbox", child.code);
    case Step::Descriptors:
    case Step::Limits:
      return fail_errno("cannot set up the descriptors of a command", child.code);
    default:
      return fail_errno("cannot run " + printable(plan.program), child.code);
  }
}

}  // namespace

Result<Spawned> spawn(const SpawnPlan& plan) {
  static thread_local const ChildStack kStack;
  if (!kStack.top()) return fail_errno("cannot start a process", ENOMEM);
  Child& child = *new (kStack.bottom()) Child{.plan = &plan};
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  // CLONE_VM and CLONE_VFORK: fork() would copy the page tables, 44 ms for an engine of 500 MiB.
  const pid_t pid = ::clone(run_child, kStack.top(),
                            kChildMemory | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
  const int code = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return fail_errno("cannot start a process", code);
  Spawned out{.pid = pid, .pidfd = Fd(pidfd)};
  if (child.step == Step::None) return out;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return explain(child);
}

}  // namespace devgraph::exec
