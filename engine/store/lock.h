#pragma once
/// One build at a time in a state folder: a kernel lock that cannot go stale. The descriptor is
/// inherited by every command, so the lock outlives a killed engine exactly as long as its
/// commands.

#include <functional>
#include <string>

#include "engine/base/result.h"

namespace devgraph::store {

class Lock {
 public:
  /// Creates the folder (0700) if it is absent. While another holds the lock, calls `waiting` once
  /// with what to tell the user and waits; with `no_wait` refuses, naming the holder.
  /// `interrupted` is asked after each signal; true ends the waiting with an error.
  struct Options {
    bool no_wait = false;
    std::function<void(const std::string&)> waiting;
    std::function<bool()> interrupted;
  };
  static Result<Lock> acquire(const std::string& state_folder, const Options& options);

  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&& other) noexcept;
  ~Lock();

  /// Not close-on-exec, on purpose.
  int descriptor() const { return fd_; }

 private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace devgraph::store
