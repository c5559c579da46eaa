#include "engine/cli/console.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/text.h"

namespace devgraph::cli {
namespace {

constexpr std::size_t kBuffer = 1u << 16;

/// errno of the write that failed, or 0.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

winsize terminal_size() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    size.ws_col = 80;
    size.ws_row = 24;
  }
  return size;
}

/// The length of the escape sequence at the front of `text` (which starts with ESC), at least 1.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const char kind = text[1];
  std::size_t at = 2;
  if (kind == '[') {
    while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3F)
      ++at;
    const bool ends = at < text.size() && text[at] >= 0x40 && text[at] <= 0x7E;
    return ends ? at + 1 : at;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    // A string until BEL or ESC \; one that does not end on its line takes the rest of it.
    for (; at < text.size(); ++at) {
      if (text[at] == '\a') return at + 1;
      if (text[at] == '\x1b') return at + (at + 1 < text.size() && text[at + 1] == '\\' ? 2 : 0);
    }
    return text.size();
  }
  at = 1;
  while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x2F)
    ++at;
  const bool ends = at < text.size() && text[at] >= 0x30 && text[at] <= 0x7E;
  return ends ? at + 1 : at;
}

bool is_sgr(std::string_view sequence) {
  return sequence.size() >= 3 && sequence[1] == '[' && sequence.back() == 'm' &&
         sequence.find_first_not_of("0123456789;:", 2) == sequence.size() - 1;
}

/// A terminal shows what was written after the last carriage return.
std::string_view last_overwrite(std::string_view line) {
  while (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  const std::size_t at = line.rfind('\r');
  return at == std::string_view::npos ? line : line.substr(at + 1);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

}  // namespace

ProcessConsole::~ProcessConsole() {
  flush();
}

void ProcessConsole::data(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBuffer) flush();
}

void ProcessConsole::flush() {
  if (error_ == 0) error_ = write_all(STDOUT_FILENO, buffer_);
  buffer_.clear();
}

// A stderr that takes nothing has no one to tell; the exit status still speaks.
void ProcessConsole::talk(std::string_view text) {
  static_cast<void>(write_all(STDERR_FILENO, text));
}

bool ProcessConsole::finish(std::string& error) {
  flush();
  if (error_ != 0) error = std::strerror(error_);
  return error_ == 0;
}

unsigned ProcessConsole::width() const {
  return terminal_size().ws_col;
}
unsigned ProcessConsole::height() const {
  return terminal_size().ws_row;
}

std::string painted(bool color, Paint paint, std::string_view text) {
  if (!color) return std::string(text);
  std::string_view code;
  switch (paint) {
    case Paint::Red:
      code = "1;31";
      break;
    case Paint::Yellow:
      code = "1;33";
      break;
    case Paint::Green:
      code = "32";
      break;
    case Paint::Blue:
      code = "1;34";
      break;
    case Paint::Bold:
      code = "1";
      break;
    case Paint::Dim:
      code = "2";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string clean_line(std::string_view line, bool keep_color) {
  constexpr std::size_t kTab = 8;
  line = last_overwrite(line);
  std::string out;
  std::size_t column = 0;
  bool colored = false;
  while (!line.empty()) {
    if (line[0] == '\x1b') {
      const std::size_t length = escape_length(line);
      const std::string_view sequence = line.substr(0, length);
      if (keep_color && is_sgr(sequence)) {
        out += sequence;
        colored = true;
      }
      line.remove_prefix(length);
    } else if (line[0] == '\t') {
      const std::size_t blanks = kTab - column % kTab;
      out.append(blanks, ' ');
      column += blanks;
      line.remove_prefix(1);
    } else if (is_control(line[0])) {
      line.remove_prefix(1);
    } else {
      std::size_t length = 1;
      while (length < line.size() && !is_control(line[length]))
        ++length;
      const std::string shown = printable(line.substr(0, length));
      out += shown;
      column += text_width(shown);
      line.remove_prefix(length);
    }
  }
  if (colored) out += "\x1b[0m";
  return out;
}

std::string clean_text(std::string_view text, bool keep_color) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += clean_line(text.substr(0, end), keep_color);
    out += '\n';
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

unsigned text_width(std::string_view text) {
  unsigned width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++width;
  }
  return width;
}

std::string cut_to_width(std::string_view text, unsigned width) {
  if (text_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t end = 0;
  for (unsigned columns = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    if (++columns == width) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string cut_middle(std::string_view text, unsigned width) {
  const unsigned have = text_width(text);
  constexpr unsigned kTooNarrow = 8;
  if (have <= width || width < kTooNarrow) return cut_to_width(text, width);
  const unsigned front = width / 3;
  std::size_t begin = text.size();
  for (unsigned left = width - front - 1; left > 0; --begin) {
    if ((static_cast<unsigned char>(text[begin - 1]) & 0xC0) != 0x80) --left;
  }
  return cut_to_width(text, front + 1) + std::string(text.substr(begin));
}

}  // namespace devgraph::cli
