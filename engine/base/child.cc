#include "engine/base/child.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/text.h"

extern char** environ;

namespace devgraph {
namespace {

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// posix_spawn's two records, freed.
class Setup {
 public:
  Setup(const ChildOptions& options, int out) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawnattr_init(&attributes_);
    if (!options.has_input)
      ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files_, out, STDOUT_FILENO);
    if (options.err == ChildOptions::Stderr::Nowhere)
      ::posix_spawn_file_actions_addopen(&files_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (options.err == ChildOptions::Stderr::Taken)
      ::posix_spawn_file_actions_adddup2(&files_, out, STDERR_FILENO);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Setup() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&files_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<ChildOutput> output_of(std::vector<std::string> words, ChildOptions options) {
  std::array<int, 2> ends{-1, -1};
  const std::string name = printable(words.at(0));
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const Setup setup(options, to.get());
  pid_t child = -1;
  const int code = ::posix_spawnp(
      &child, words[0].c_str(), setup.files(), setup.attributes(), pointers(words).data(),
      options.environment ? pointers(*options.environment).data() : environ);
  to.reset();
  if (code != 0) return fail_errno("cannot run " + name, code);
  ChildOutput output;
  output.text = read_all(from.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("cannot wait for " + name, errno);
  }
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : ChildOutput::kKilled;
  return output;
}

}  // namespace devgraph
