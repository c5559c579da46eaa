#include "engine/store/lock.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/path.h"

namespace devgraph::store {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kLockMode = 0600;

/// What the holder wrote: its process id. For messages only; the kernel's lock is what counts.
std::string holder(int fd) {
  char text[32] = {};
  const ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
  if (size <= 0) return "another process";
  const std::string pid(text, static_cast<std::size_t>(size));
  if (pid.find_first_not_of("0123456789\n") != std::string::npos) return "another process";
  const int number = std::stoi(pid.substr(0, 9));
  const bool alive = number > 0 && access(fmt::format("/proc/{}", number).c_str(), F_OK) == 0;
  if (alive) return fmt::format("process {}", number);
  return fmt::format("a command left behind by process {} (which has ended)", number);
}

Status wait_for(int fd, const std::string& path, const Lock::Options& options) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return fail_errno(fmt::format("cannot lock {}", path), errno);
  const std::string who = holder(fd);
  if (options.no_wait) {
    return fail(
        fmt::format("{} builds in this workspace (lock {}); wait for it, or end it", who, path),
        EWOULDBLOCK);
  }
  if (options.waiting)
    options.waiting(fmt::format("waiting for {}, which builds in this workspace", who));
  // Not one long flock(): a signal whose handler restarts calls would not end it.
  constexpr useconds_t kStep = 50'000;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno(fmt::format("cannot lock {}", path), errno);
    }
    if (options.interrupted && options.interrupted()) {
      return fail("interrupted while waiting for the lock", EINTR);
    }
    usleep(kStep);
  }
  return {};
}

}  // namespace

Result<Lock> Lock::acquire(const std::string& state_folder, const Options& options) {
  if (mkdir(state_folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("cannot create {}", state_folder), errno);
  }
  const std::string path = join_path(state_folder, "lock");
  // Without O_CLOEXEC: commands inherit the lock.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, kLockMode);
  if (fd < 0) return fail_errno(fmt::format("cannot open {}", path), errno);
  Lock lock(fd);
  if (Status done = wait_for(fd, path, options); !done) return std::unexpected(done.error());
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return fail_errno(fmt::format("cannot write {}", path), errno);
  }
  return lock;
}

Lock::Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Lock& Lock::operator=(Lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Lock::~Lock() {
  // Closing, not unlocking: commands that still live keep it.
  if (fd_ >= 0) close(fd_);
}

}  // namespace devgraph::store
