#include "engine/cli/aside.h"

#include <cstdlib>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/path.h"

namespace devgraph::cli {

Aside::Aside(Files& files, const std::string& state, const std::string& kind)
    : files_(files), folder_(join_path(state, kind + "-XXXXXX")) {
  if (!files_.make_folders(state) || ::mkdtemp(folder_.data()) == nullptr) return;
  fd_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY);
  if (fd_ >= 0) ::flock(fd_, LOCK_EX);
}

Aside::~Aside() {
  if (fd_ < 0) return;
  static_cast<void>(files_.remove_all(folder_));
  ::close(fd_);
}

bool is_held(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0;
}

}  // namespace devgraph::cli
