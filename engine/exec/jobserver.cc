#include "engine/exec/jobserver.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/exec/runner.h"

namespace devgraph::exec {
namespace {

// A pipe holds 64 KiB; nobody runs more jobs than this.
constexpr unsigned kMostTokens = 4096;
constexpr char kToken = '+';

/// A description of our own of an open pipe, so that O_NONBLOCK does not hit those who share the
/// other one: make 4.2 and older die of EAGAIN.
Fd reopen(int descriptor, int flags) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return Fd(::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC));
}

/// The same pipe under a number that no command uses for something else.
Fd move_up(int descriptor) {
  return Fd(::fcntl(descriptor, F_DUPFD_CLOEXEC, kLineFd + 1));
}

bool is_open_pipe(int descriptor) {
  return descriptor >= 0 && ::fcntl(descriptor, F_GETFD) >= 0 &&
         ::lseek(descriptor, 0, SEEK_CUR) < 0;
}

/// `3,4`.
bool parse_pair(std::string_view text, int& first, int& second) {
  const char* const end = text.data() + text.size();
  const std::from_chars_result at = std::from_chars(text.data(), end, first);
  if (at.ec != std::errc{} || at.ptr == end || *at.ptr != ',') return false;
  return std::from_chars(at.ptr + 1, end, second).ec == std::errc{};
}

}  // namespace

JobserverAddress parse_makeflags(std::string_view makeflags) {
  JobserverAddress out;
  for (const std::string_view word : split(makeflags, ' ')) {
    // What stands behind `--` are variables.
    if (word == "--") break;
    std::string_view value;
    for (const std::string_view option : {"--jobserver-auth=", "--jobserver-fds="}) {
      if (word.starts_with(option)) value = word.substr(option.size());
    }
    if (value.empty()) continue;
    // The last one counts.
    out = JobserverAddress();
    out.any = true;
    if (value.starts_with("fifo:")) {
      out.fifo = value.substr(5);
      continue;
    }
    if (!parse_pair(value, out.read, out.write)) out.read = out.write = -1;
  }
  return out;
}

Result<Jobserver> Jobserver::open(unsigned jobs, std::string_view makeflags) {
  Jobserver out;
  out.jobs_ = std::clamp(jobs, 1U, kMostTokens);
  const JobserverAddress address = parse_makeflags(makeflags);
  out.client_ = address.any && out.connect(address);
  if (!out.client_) {
    if (address.any) {
      out.warning_ =
          "the jobserver of the make above cannot be reached, so its -j does not hold "
          "here; put a `+` before the recipe line that runs devgraph";
    }
    if (Status served = out.serve(out.jobs_); !served) {
      return std::unexpected(std::move(served.error()));
    }
  }
  out.makeflags_ = " -j" + std::to_string(out.jobs_) +
                   " --jobserver-auth=" + std::to_string(out.shared_read_.get()) + "," +
                   std::to_string(out.shared_write_.get());
  return out;
}

Jobserver::Jobserver(Jobserver&& other) noexcept
    : client_(other.client_),
      jobs_(other.jobs_),
      held_(std::exchange(other.held_, 0)),
      tokens_(std::exchange(other.tokens_, {})),
      shared_read_(std::move(other.shared_read_)),
      shared_write_(std::move(other.shared_write_)),
      read_(std::move(other.read_)),
      write_(std::move(other.write_)),
      makeflags_(std::move(other.makeflags_)),
      warning_(std::move(other.warning_)) {}

Jobserver::~Jobserver() {
  while (held_ > 0)
    release();
}

Status Jobserver::own_ends(int read, int write) {
  shared_read_ = move_up(read);
  shared_write_ = move_up(write);
  read_ = reopen(read, O_RDONLY);
  write_ = reopen(write, O_WRONLY);
  if (shared_read_ && shared_write_ && read_ && write_) return {};
  // A number beyond the limit is EINVAL to fcntl.
  return fail_errno("cannot make a jobserver", errno == EINVAL ? EMFILE : errno);
}

bool Jobserver::connect(const JobserverAddress& address) {
  if (address.fifo.empty()) {
    return is_open_pipe(address.read) && is_open_pipe(address.write) &&
           own_ends(address.read, address.write).has_value();
  }
  // Not blocked if its server is gone.
  const Fd read(::open(address.fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Fd write(::open(address.fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!is_open_pipe(read.get()) || !is_open_pipe(write.get())) return false;
  // Commands get blocking ends, as makes of every age expect.
  ::fcntl(read.get(), F_SETFL, 0);
  ::fcntl(write.get(), F_SETFL, 0);
  return own_ends(read.get(), write.get()).has_value();
}

Status Jobserver::serve(unsigned jobs) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a jobserver", errno);
  const Fd read(ends[0]);
  const Fd write(ends[1]);
  if (Status owned = own_ends(read.get(), write.get()); !owned) return owned;
  jobs_ = jobs;
  refill();
  return {};
}

/// Exactly the tokens that nobody holds when nothing runs: a killed make takes its own with it.
void Jobserver::refill() {
  char old[512];
  while (::read(read_.get(), old, sizeof old) > 0) {
  }
  const std::string tokens(jobs_ - 1, kToken);
  [[maybe_unused]] const ssize_t count = ::write(write_.get(), tokens.data(), tokens.size());
}

bool Jobserver::try_acquire() {
  if (held_ > 0) {
    char token = 0;
    ssize_t count = 0;
    do {
      count = ::read(read_.get(), &token, 1);
    } while (count < 0 && errno == EINTR);
    if (count != 1) return false;
    tokens_ += token;
  }
  ++held_;
  return true;
}

void Jobserver::release() {
  assert(held_ > 0);
  --held_;
  if (!tokens_.empty()) {
    ssize_t count = 0;
    do {
      count = ::write(write_.get(), &tokens_.back(), 1);
    } while (count < 0 && errno == EINTR);
    tokens_.pop_back();
  }
  if (held_ == 0 && !client_) refill();
}

}  // namespace devgraph::exec
