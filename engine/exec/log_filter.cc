#include "engine/exec/log_filter.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace devgraph::exec {

LogFilter::LogFilter(Fd log, std::shared_ptr<const Redactor> redactor)
    : redactor_(std::move(redactor)), log_(std::move(log)) {}

Result<std::unique_ptr<LogFilter>> LogFilter::start(int log,
                                                    std::shared_ptr<const Redactor> redactor) {
  std::unique_ptr<LogFilter> made(
      new LogFilter(Fd(::fcntl(log, F_DUPFD_CLOEXEC, 3)), std::move(redactor)));
  std::array<int, 2> ends{-1, -1};
  if (!made->log_ || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail_errno("cannot make a pipe to a log", errno);
  }
  made->out_ = Fd(ends[0]);
  made->in_ = Fd(ends[1]);
  // Ours alone: the end of the command keeps its usual way of blocking.
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  made->stop_ = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!made->stop_) return fail_errno("cannot make a pipe to a log", errno);
  // Signals are for the other threads.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int code = 0;
  try {
    made->thread_ = std::thread([filter = made.get()] { filter->run(); });
  } catch (const std::system_error& error) {
    code = error.code().value();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (code != 0) return fail_errno("cannot start a thread for a log", code);
  return made;
}

LogFilter::~LogFilter() {
  finish();
}

void LogFilter::finish() {
  if (!thread_.joinable()) return;
  in_.reset();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t count = ::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

/// A log that cannot be written shows when its footer is.
void LogFilter::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(log_.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void LogFilter::run() {
  Redactor::Stream stream(*redactor_);
  std::array<char, 65536> buffer{};
  std::array<pollfd, 2> ready{pollfd{out_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
  // Behind the end of the command there is no more of it than fits into a pipe.
  std::size_t left = std::size_t{1024} * 1024;
  for (bool last = false; left >= buffer.size();) {
    if (last) left -= buffer.size();
    const ssize_t count = ::read(out_.get(), buffer.data(), buffer.size());
    if (count > 0) {
      write(stream.push({buffer.data(), static_cast<std::size_t>(count)}));
      continue;
    }
    if (count == 0 || last) break;
    if (errno == EINTR) continue;
    ::poll(ready.data(), ready.size(), -1);
    last = (ready[1].revents & POLLIN) != 0;
  }
  write(stream.finish());
}

}  // namespace devgraph::exec
