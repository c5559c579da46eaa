#include "engine/base/disk_io.h"

#include <cerrno>

#include <fcntl.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::disk {

std::unexpected<Error> cannot(const char* verb, const std::string& path, int code) {
  return fail_errno(std::string("cannot ") + verb + " " + printable(path), code);
}

std::unexpected<Error> not_regular(const char* verb, const std::string& path,
                                   const FileStat& found) {
  if (found.kind == FileKind::Folder) return cannot(verb, path, EISDIR);
  return fail(std::string("cannot ") + verb + " " + printable(path) + ": not a regular file",
              EINVAL);
}

FileStat convert(const struct stat& raw) {
  FileStat out;
  if (S_ISREG(raw.st_mode)) {
    out.kind = FileKind::Regular;
  } else if (S_ISDIR(raw.st_mode)) {
    out.kind = FileKind::Folder;
  } else if (S_ISLNK(raw.st_mode)) {
    out.kind = FileKind::Symlink;
  } else {
    out.kind = FileKind::Other;
  }
  out.executable = out.kind == FileKind::Regular && (raw.st_mode & S_IXUSR) != 0;
  out.mode = raw.st_mode & 07777;
  out.size = static_cast<std::uint64_t>(raw.st_size);
  out.device = raw.st_dev;
  out.inode = raw.st_ino;
  out.mtime_ns = raw.st_mtim.tv_sec * 1'000'000'000 + raw.st_mtim.tv_nsec;
  out.ctime_ns = raw.st_ctim.tv_sec * 1'000'000'000 + raw.st_ctim.tv_nsec;
  return out;
}

/// Opens a regular file for reading. Not blocked by a fifo of that name.
Result<OpenFile> open_regular(const char* verb, const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return cannot(verb, path, errno);
  struct stat raw;
  if (::fstat(fd.get(), &raw) != 0) return cannot("stat", path, errno);
  const FileStat found = convert(raw);
  if (found.kind != FileKind::Regular) return not_regular(verb, path, found);
  return OpenFile{std::move(fd), found};
}

/// read() that is not stopped by a signal.
ssize_t read_some(int fd, char* buffer, std::size_t size) {
  while (true) {
    const ssize_t count = ::read(fd, buffer, size);
    if (count >= 0 || errno != EINTR) return count;
  }
}

/// 0, or the errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

std::string folder_of(const std::string& path) {
  const std::string_view parent = parent_path(path);
  if (!parent.empty()) return std::string(parent);
  return path.starts_with('/') ? "/" : ".";
}

}  // namespace devgraph::disk
