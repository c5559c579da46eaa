#pragma once
/// The tokens by which devgraph and the makes that it runs, or that run it, share one number of
/// jobs (GNU make's jobserver). Each process may run one job without a token.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/fd.h"
#include "engine/base/result.h"

namespace devgraph::exec {

/// Where a jobserver is, as MAKEFLAGS tells.
struct JobserverAddress {
  bool any = false;  ///< MAKEFLAGS names one.
  std::string fifo;  ///< The path behind `fifo:`, or empty:
  int read = -1;     ///< the descriptors. Negative: the make above does not share it.
  int write = -1;
};
JobserverAddress parse_makeflags(std::string_view makeflags);

class Jobserver {
 public:
  /// A client of the jobserver that `makeflags` (the environment's MAKEFLAGS) names, if it can be
  /// reached; else a server with `jobs` tokens less one. Errors: no descriptors.
  static Result<Jobserver> open(unsigned jobs, std::string_view makeflags);
  /// Gives every token back.
  ~Jobserver();
  Jobserver(Jobserver&& other) noexcept;
  Jobserver& operator=(Jobserver&&) = delete;

  bool is_client() const { return client_; }
  /// Not empty: why the jobserver that MAKEFLAGS names is not used. A warning.
  const std::string& warning() const { return warning_; }

  /// Leave to run one more command; each call that gave true is paired with one release(). Never
  /// blocks. The first command needs no token.
  bool try_acquire();
  void release();
  std::size_t held() const { return held_; }

  /// Readable when a token may be there: for Runner::watch while a command waits for one.
  int ready_descriptor() const { return read_.get(); }
  /// The MAKEFLAGS of commands: ` -j8 --jobserver-auth=20,21`.
  const std::string& makeflags() const { return makeflags_; }
  /// The descriptors that commands must inherit for it.
  std::vector<int> inherited() const { return {shared_read_.get(), shared_write_.get()}; }

 private:
  Jobserver() = default;
  Status serve(unsigned jobs);
  bool connect(const JobserverAddress& address);
  Status own_ends(int read, int write);
  void refill();

  bool client_ = false;
  unsigned jobs_ = 1;
  std::size_t held_ = 0;  ///< Commands that run, the one without a token included.
  std::string tokens_;    ///< The bytes taken; the same ones go back.
  Fd shared_read_;        ///< As commands see it.
  Fd shared_write_;
  Fd read_;  ///< Descriptions of our own: O_NONBLOCK on them is nobody else's.
  Fd write_;
  std::string makeflags_;
  std::string warning_;
};

}  // namespace devgraph::exec
