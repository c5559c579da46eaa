#include "engine/actions/program.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::chrono::milliseconds kStep{10};
constexpr std::chrono::seconds kGrace{2};  // Between TERM and KILL.

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> made;
  made.reserve(words.size() + 1);
  // posix_spawn takes char* for history's sake and changes nothing.
  for (const std::string& word : words)
    made.push_back(const_cast<char*>(word.c_str()));
  made.push_back(nullptr);
  return made;
}

/// A file without a name, for what must not lie on a disk.
Result<Fd> memory_file(std::string_view content) {
  Fd file(::memfd_create("devgraph", MFD_CLOEXEC));
  if (!file) return fail_errno("cannot make a file in memory", errno);
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0) return fail_errno("cannot write to memory", errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string content_of(const Fd& file) {
  std::string text;
  std::array<char, 16384> block;
  ::lseek(file.get(), 0, SEEK_SET);
  while (true) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

Result<pid_t> start(const Program& program, const Fd& input, const Fd& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
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

/// Logs the whole lines of a file that grows.
class Follower {
 public:
  Follower(const Context& context, int file) : context_(context), file_(file) {}

  void look() {
    std::array<char, 16384> block;
    while (true) {
      const ssize_t count = ::pread(file_, block.data(), block.size(), at_);
      if (count <= 0) return;
      at_ += count;
      line_.append(block.data(), static_cast<std::size_t>(count));
      std::size_t begin = 0;
      for (std::size_t end = line_.find('\n'); end != std::string::npos;
           end = line_.find('\n', begin)) {
        context_.log(std::string_view(line_).substr(begin, end - begin));
        begin = end + 1;
      }
      line_.erase(0, begin);
    }
  }
  void finish() {
    look();
    if (!line_.empty()) context_.log(line_);
  }

 private:
  const Context& context_;
  int file_;
  off_t at_ = 0;
  std::string line_;
};

/// The wait status; ends the group when the build is being stopped.
Result<int> wait_for(const Context& context, pid_t pid, Follower* follower) {
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
    if (follower != nullptr) follower->look();
    std::this_thread::sleep_for(kStep);
  }
}

std::string last_line(std::string_view text) {
  text = trim(text);
  const std::size_t end = text.rfind('\n');
  return printable(end == std::string_view::npos ? text : text.substr(end + 1));
}

/// Why git gave up: behind it there may be advice, which says nothing by itself. Of a push that was
/// refused, the refusal and what the other side said of it.
std::string why_of_git(std::string_view text) {
  constexpr std::string_view kRemote = "remote:";
  std::string refusal;
  std::string said;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("fatal: ")) return printable(line);
    if (line.starts_with(" ! [") && refusal.empty()) refusal = printable(trim(line.substr(2)));
    if (!line.starts_with(kRemote)) continue;
    const std::string_view words = trim(line.substr(kRemote.size()));
    if (!words.empty()) said += fmt::format("\nremote: {}", printable(words));
  }
  return refusal.empty() ? last_line(text) : refusal + said;
}

}  // namespace

Result<std::string> run_program(const Context& context, const Program& program) {
  const Result<Fd> input = memory_file(program.input);
  if (!input) return std::unexpected(input.error());
  const Result<Fd> output = memory_file({});
  if (!output) return std::unexpected(output.error());
  const Result<pid_t> pid = start(program, *input, *output);
  if (!pid) return std::unexpected(pid.error());
  Follower follower(context, output->get());
  const Result<int> status = wait_for(context, *pid, program.is_watched ? &follower : nullptr);
  if (program.is_watched) follower.finish();
  if (!status) return std::unexpected(status.error());
  if (stopped(context)) return interrupted();
  std::string text = content_of(*output);
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return text;
  if (!program.is_secret && !program.is_watched) {
    for (const std::string_view line : split(trim(text), '\n'))
      context.log(line);
  }
  const std::string line = program.argv[0] == "git" ? why_of_git(text) : last_line(text);
  if (WIFSIGNALED(*status)) {
    return fail(fmt::format("{} was ended by signal {}", program.argv[0], WTERMSIG(*status)));
  }
  return fail(line.empty()
                  ? fmt::format("{} ended with status {}", program.argv[0], WEXITSTATUS(*status))
                  : line);
}

}  // namespace devgraph::actions
