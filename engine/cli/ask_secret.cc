#include "engine/cli/ask_secret.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/text.h"

namespace devgraph::cli {
namespace {

/// The terminal shows what is typed again, whatever happens.
class Quiet {
 public:
  explicit Quiet(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_quiet_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  ~Quiet() {
    if (is_quiet_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  explicit operator bool() const { return is_quiet_; }

 private:
  int terminal_;
  termios before_{};
  bool is_quiet_ = false;
};

void say(int terminal, std::string_view text) {
  [[maybe_unused]] const ssize_t count = ::write(terminal, text.data(), text.size());
}

/// To the end of the line; none if there is no such line.
std::optional<std::string> read_line(int terminal, const std::function<bool()>& stop) {
  constexpr int kPause = 100;  // Milliseconds.
  std::string line;
  while (!stop()) {
    pollfd ready{.fd = terminal, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kPause) <= 0) continue;
    std::array<char, 4096> piece{};
    const ssize_t count = ::read(terminal, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    line.append(piece.data(), static_cast<std::size_t>(count));
    const std::size_t end = line.find('\n');
    if (end != line.npos) return line.substr(0, end);
  }
  return std::nullopt;
}

std::string read_all(int from) {
  std::string all;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::read(from, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return all;
    all.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::string> output_of_command(const std::vector<std::string>& argv) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  // posix_spawnp does not write to them.
  for (const std::string& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int code = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return fail_errno("cannot run " + printable(argv[0]), code);
  in.reset();
  std::string text = read_all(out.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return fail(printable(argv[0]) + " was killed");
  if (WEXITSTATUS(status) != 0) {
    return fail(
        fmt::format("{} ended with exit status {}", printable(argv[0]), WEXITSTATUS(status)));
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::optional<std::string> ask_on_terminal(const std::string& question,
                                           const std::function<bool()>& stop) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) return std::nullopt;
  const Quiet quiet(terminal.get());
  if (!quiet) return std::nullopt;
  say(terminal.get(), question);
  std::optional<std::string> line = read_line(terminal.get(), stop);
  say(terminal.get(), "\n");
  return line;
}

}  // namespace devgraph::cli
