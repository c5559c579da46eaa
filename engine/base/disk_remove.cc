// DiskFiles::remove_all: removal by descriptors, so that nobody can lead it astray by swapping a
// folder for a link while it runs.

#include <cerrno>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/files.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph {
namespace {

// Folders deeper than this are moved up to the top before their turn, so that neither descriptors
// nor the stack run out.
constexpr int kDepth = 48;

struct Removal {
  int top = -1;        ///< Descriptor of the folder that is being removed.
  unsigned moved = 0;  ///< For the names of folders moved up.
  std::string failed;  ///< The path that could not be removed.
};

/// The errno of a failed step, 0 when all went well.
using Code = int;

/// Makes a folder ours to read and change. The descriptor may be O_PATH.
void open_up(int fd) {
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  ::chmod(self.c_str(), 0700);
}

Fd open_folder(int parent, const char* name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(parent, name, kFlags));
  if (fd || errno != EACCES) return fd;
  const Fd handle(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!handle) return fd;
  open_up(handle.get());
  return Fd(::openat(parent, name, kFlags));
}

Code unlink_at(int parent, const char* name, int flags) {
  if (::unlinkat(parent, name, flags) == 0 || errno == ENOENT) return 0;
  if (errno != EACCES) return errno;
  open_up(parent);
  return ::unlinkat(parent, name, flags) == 0 || errno == ENOENT ? 0 : errno;
}

Code names_in(int fd, std::vector<std::string>& names) {
  // The stream owns a copy; ours stays open for unlinkat.
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return errno;
  DIR* stream = ::fdopendir(copy);
  if (!stream) {
    const Code code = errno;
    ::close(copy);
    return code;
  }
  ::rewinddir(stream);
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const Code code = errno;
  ::closedir(stream);
  return code;
}

Code empty_folder(Removal& removal, int fd, const std::string& path, int depth);

Code remove_entry(Removal& removal, int parent, const std::string& name, const std::string& path,
                  int depth) {
  Code code = unlink_at(parent, name.c_str(), 0);
  if (code != EISDIR) {
    if (code != 0) removal.failed = path;
    return code;
  }
  if (depth >= kDepth) {
    const std::string higher = ".devgraph-deep-" + std::to_string(removal.moved++);
    if (::renameat(parent, name.c_str(), removal.top, higher.c_str()) == 0) return 0;
  }
  {
    const Fd fd = open_folder(parent, name.c_str());
    code = fd ? empty_folder(removal, fd.get(), path, depth + 1) : errno;
  }
  if (code == 0) code = unlink_at(parent, name.c_str(), AT_REMOVEDIR);
  if (code != 0 && removal.failed.empty()) removal.failed = path;
  return code;
}

Code empty_folder(Removal& removal, int fd, const std::string& path, int depth) {
  std::vector<std::string> names;
  Code code = names_in(fd, names);
  for (const std::string& name : names) {
    if (code != 0) break;
    code = remove_entry(removal, fd, name, join_path(path, name), depth);
  }
  return code;
}

}  // namespace

Status DiskFiles::remove_all(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  Code code = errno;
  Removal removal;
  if (code == EISDIR) {
    const Fd fd = open_folder(AT_FDCWD, path.c_str());
    code = fd ? 0 : errno;
    removal.top = fd.get();
    // Each round takes away what the one before moved up.
    unsigned moved = 0;
    do {
      moved = removal.moved;
      if (code == 0) code = empty_folder(removal, fd.get(), path, 0);
    } while (code == 0 && removal.moved != moved);
    if (code == 0 && ::rmdir(path.c_str()) != 0 && errno != ENOENT) code = errno;
  }
  if (code == 0) return {};
  return fail_errno("cannot remove " + printable(removal.failed.empty() ? path : removal.failed),
                    code);
}

}  // namespace devgraph
