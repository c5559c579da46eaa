#pragma once
/// An owned file descriptor.

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace devgraph {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int raw) : raw_(raw) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      raw_ = std::exchange(other.raw_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return raw_; }
  explicit operator bool() const { return raw_ >= 0; }
  int release() { return std::exchange(raw_, -1); }
  /// For descriptors whose close cannot lose data, or where a sync was done before.
  void reset() {
    if (raw_ >= 0) ::close(raw_);
    raw_ = -1;
  }
  /// For files that were written: errno of close (as NFS reports a full disk), or 0.
  int close() {
    const int raw = release();
    return raw >= 0 && ::close(raw) != 0 ? errno : 0;
  }

 private:
  int raw_ = -1;
};

}  // namespace devgraph
