#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/disk_io.h"

namespace devgraph {

using disk::cannot;
using disk::kBlock;
using disk::open_regular;
using disk::OpenFile;
using disk::read_some;
using disk::Unlinker;
using disk::write_all;

namespace {

/// 0, or the errno. Both are at their start.
int copy_bytes(int from, int to) {
  if (::ioctl(to, FICLONE, from) == 0) return 0;
  bool any = false;
  while (true) {
    const ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, std::size_t{1} << 30, 0);
    if (count > 0) {
      any = true;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    // Some special file systems claim an end at once; reading settles it.
    if (count == 0 && any) return 0;
    if (count < 0 && any) return errno;
    break;
  }
  std::vector<char> buffer(kBlock);
  while (true) {
    const ssize_t count = read_some(from, buffer.data(), buffer.size());
    if (count < 0) return errno;
    if (count == 0) return 0;
    const int code = write_all(to, {buffer.data(), static_cast<std::size_t>(count)});
    if (code != 0) return code;
  }
}

}  // namespace

Status DiskFiles::copy(const std::string& from, const std::string& to) {
  Result<OpenFile> source = open_regular("copy", from);
  if (!source) return std::unexpected(std::move(source.error()));
  const mode_t mode = source->stat.executable ? 0777 : 0666;
  Fd target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!target) return cannot("create", to, errno);
  Unlinker unlinker(to);
  int code = copy_bytes(source->fd.get(), target.get());
  if (const int closed = target.close(); code == 0) code = closed;
  if (code != 0) return cannot("write", to, code);
  unlinker.keep();
  return {};
}

Status DiskFiles::share(const std::string& from, const std::string& to) {
  constexpr mode_t kAnyWrite = 0222;
  struct stat stat{};
  const bool is_fixed =
      ::lstat(from.c_str(), &stat) == 0 && S_ISREG(stat.st_mode) && (stat.st_mode & kAnyWrite) == 0;
  // Across file systems, or with too many links, it is a copy after all.
  if (is_fixed && ::link(from.c_str(), to.c_str()) == 0) return {};
  return copy(from, to);
}

}  // namespace devgraph
