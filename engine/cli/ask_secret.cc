#include "engine/cli/ask_secret.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/fd.h"

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

}  // namespace

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

bool has_terminal() {
  return static_cast<bool>(Fd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)));
}

bool confirm_on_terminal(Console& console, const std::string& question,
                         const std::function<bool()>& stop) {
  std::string error;  // Told at the end.
  static_cast<void>(console.finish(error));
  const Fd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) return false;
  ::tcflush(terminal.get(), TCIFLUSH);  // What was typed before nobody could have meant.
  say(terminal.get(), question);
  const std::optional<std::string> line = read_line(terminal.get(), stop);
  return line && (*line == "y" || *line == "yes" || *line == "Y");
}

}  // namespace devgraph::cli
