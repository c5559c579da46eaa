#include "engine/actions/program.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::chrono::milliseconds kStep{10};
constexpr std::chrono::seconds kGrace{2};  // Between TERM and KILL.

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> made;
  // posix_spawn takes char* for history's sake and changes nothing.
  for (const std::string& word : words)
    made.push_back(const_cast<char*>(word.c_str()));
  made.push_back(nullptr);
  return made;
}

Result<pid_t> start(const Program& program, const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, program.folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int code =
      ::posix_spawnp(&pid, program.argv[0].c_str(), &actions, &attributes,
                     pointers(program.argv).data(), pointers(program.environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return fail_errno(fmt::format("cannot run {}", program.argv[0]), code);
  return pid;
}

/// The wait status; ends the group when the build is being stopped.
Result<int> wait_for(const Context& context, pid_t pid) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point kill_at = Clock::time_point::max();
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) return status;
    if (ended < 0 && errno != EINTR) return fail_errno("cannot wait for a program", errno);
    if (stopped(context) && kill_at == Clock::time_point::max()) {
      ::kill(-pid, SIGTERM);
      kill_at = Clock::now() + kGrace;
    } else if (Clock::now() >= kill_at) {
      ::kill(-pid, SIGKILL);
    }
    std::this_thread::sleep_for(kStep);
  }
}

std::string last_line(std::string_view text) {
  text = trim(text);
  const std::size_t end = text.rfind('\n');
  return printable(end == std::string_view::npos ? text : text.substr(end + 1));
}

}  // namespace

Result<std::string> run_program(const Context& context, const Program& program) {
  const std::string output = join_path(context.scratch, "program.log");
  const Result<pid_t> pid = start(program, output);
  if (!pid) return std::unexpected(pid.error());
  const Result<int> status = wait_for(context, *pid);
  if (!status) return std::unexpected(status.error());
  if (stopped(context)) return interrupted();
  Result<std::string> text = context.files.read(output);
  if (!text) return text;
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return text;
  for (const std::string_view line : split(trim(*text), '\n'))
    context.log(line);
  const std::string line = last_line(*text);
  if (WIFSIGNALED(*status)) {
    return fail(fmt::format("{} was ended by signal {}", program.argv[0], WTERMSIG(*status)));
  }
  return fail(line.empty()
                  ? fmt::format("{} ended with status {}", program.argv[0], WEXITSTATUS(*status))
                  : line);
}

}  // namespace devgraph::actions
