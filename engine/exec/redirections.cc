#include "engine/exec/redirections.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

std::unexpected<Error> cannot_open(const std::string& path) {
  return fail_errno("cannot open " + printable(path), errno);
}

Result<Fd> open_output(const std::string& path, bool append) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (append ? O_APPEND : O_TRUNC);
  Fd fd(::open(path.c_str(), flags, 0666));
  if (!fd) return cannot_open(path);
  return fd;
}

}  // namespace

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

}  // namespace devgraph::exec
