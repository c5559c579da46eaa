#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/disk_io.h"
#include "engine/base/fd.h"
#include "engine/base/files.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph {

using disk::cannot;
using disk::convert;
using disk::folder_of;
using disk::not_regular;
using disk::open_regular;
using disk::OpenFile;
using disk::read_some;
using disk::Unlinker;
using disk::write_all;

namespace {

/// Nothing is there: also below a file, and behind a link that leads nowhere or in a circle.
bool means_absent(int code) {
  return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

Result<FileStat> stat_at(const std::string& path, int flags) {
  struct stat raw;
  if (::fstatat(AT_FDCWD, path.c_str(), &raw, flags) == 0) return convert(raw);
  if (means_absent(errno)) return FileStat{};
  return cannot("stat", path, errno);
}

/// A name next to `path` that no other process or thread uses.
std::string temporary_name(const std::string& folder) {
  static std::atomic<std::uint64_t> counter{0};
  return join_path(folder, ".devgraph-tmp-" + std::to_string(::getpid()) + "-" +
                               std::to_string(counter.fetch_add(1)));
}

Status sync_folder(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return cannot("open", folder, errno);
  // Some file systems cannot sync a folder, and need not.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return cannot("sync", folder, errno);
  return {};
}

class Mapped final : public MappedFile {
 public:
  Mapped(void* start, std::size_t size) : start_(start), size_(size) {}
  ~Mapped() override {
    if (size_ > 0) ::munmap(start_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  std::string_view bytes() const override { return {static_cast<const char*>(start_), size_}; }

 private:
  void* start_;
  std::size_t size_;
};

class DiskAppend final : public AppendFile {
 public:
  DiskAppend(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Status append(std::string_view bytes) override {
    const int code = write_all(fd_.get(), bytes);
    if (code != 0) return cannot("write", path_, code);
    return {};
  }
  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return cannot("sync", path_, errno);
    return {};
  }

 private:
  Fd fd_;
  std::string path_;
};

FileKind kind_of_entry(int folder, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileKind::Regular;
    case DT_DIR:
      return FileKind::Folder;
    case DT_LNK:
      return FileKind::Symlink;
    case DT_UNKNOWN:
      break;  // The file system does not say.
    default:
      return FileKind::Other;
  }
  struct stat raw;
  if (::fstatat(folder, entry.d_name, &raw, AT_SYMLINK_NOFOLLOW) != 0) return FileKind::Other;
  return convert(raw).kind;
}

}  // namespace

Result<FileStat> DiskFiles::stat(const std::string& path) {
  return stat_at(path, 0);
}

Result<FileStat> DiskFiles::lstat(const std::string& path) {
  return stat_at(path, AT_SYMLINK_NOFOLLOW);
}

Result<std::string> DiskFiles::read(const std::string& path) {
  Result<OpenFile> file = open_regular("read", path);
  if (!file) return std::unexpected(std::move(file.error()));
  std::string out;
  std::size_t filled = 0;
  // One byte more than promised, so that the end is seen without another round.
  out.resize(file->stat.size + 1);
  while (true) {
    if (filled == out.size()) out.resize(std::max(out.size() * 2, std::size_t{4096}));
    const ssize_t count = read_some(file->fd.get(), out.data() + filled, out.size() - filled);
    if (count < 0) return cannot("read", path, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  out.resize(filled);
  return out;
}

Result<std::string> DiskFiles::read_link(const std::string& path) {
  std::string out(256, '\0');
  while (true) {
    const ssize_t count = ::readlink(path.c_str(), out.data(), out.size());
    if (count < 0) return cannot("read link", path, errno);
    if (static_cast<std::size_t>(count) < out.size()) {
      out.resize(static_cast<std::size_t>(count));
      return out;
    }
    out.resize(out.size() * 2);
  }
}

Result<std::vector<FolderEntry>> DiskFiles::list(const std::string& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return cannot("list", folder, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd.get()), ::closedir);
  if (!stream) return cannot("list", folder, errno);
  const int raw = fd.release();  // Now the stream's.
  std::vector<FolderEntry> out;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    out.push_back({std::string(name), kind_of_entry(raw, *entry)});
  }
  if (errno != 0) return cannot("list", folder, errno);
  std::sort(out.begin(), out.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return out;
}

Result<std::unique_ptr<MappedFile>> DiskFiles::map(const std::string& path) {
  Result<OpenFile> file = open_regular("map", path);
  if (!file) return std::unexpected(std::move(file.error()));
  const std::size_t size = file->stat.size;
  if (size == 0) return std::make_unique<Mapped>(nullptr, 0);
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file->fd.get(), 0);
  if (start == MAP_FAILED) return cannot("map", path, errno);
  return std::make_unique<Mapped>(start, size);
}

Status DiskFiles::make_folders(const std::string& path) {
  if (path.empty()) return {};
  // Mostly the folder, or its parent, is there.
  std::vector<std::string> missing{path};
  while (true) {
    const std::string& next = missing.back();
    if (::mkdir(next.c_str(), 0777) == 0) break;
    if (errno == EEXIST || errno == EISDIR) {
      struct stat raw;
      if (::stat(next.c_str(), &raw) != 0) return cannot("create folder", next, errno);
      if (!S_ISDIR(raw.st_mode)) return cannot("create folder", next, ENOTDIR);
      break;
    }
    if (errno != ENOENT) return cannot("create folder", next, errno);
    std::string parent = folder_of(next);
    if (parent == next || parent == ".") return cannot("create folder", next, ENOENT);
    missing.push_back(std::move(parent));
  }
  missing.pop_back();
  while (!missing.empty()) {
    // Somebody else may have been quicker.
    if (::mkdir(missing.back().c_str(), 0777) != 0 && errno != EEXIST) {
      return cannot("create folder", missing.back(), errno);
    }
    missing.pop_back();
  }
  return {};
}

Status DiskFiles::write(const std::string& path, std::string_view bytes, std::uint32_t mode,
                        bool durable) {
  const std::string folder = folder_of(path);
  const std::string temporary = temporary_name(folder);
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return cannot("create", path, errno);
  Unlinker unlinker(temporary);
  int code = write_all(fd.get(), bytes);
  if (code == 0 && durable && ::fsync(fd.get()) != 0) code = errno;
  if (const int closed = fd.close(); code == 0) code = closed;
  if (code != 0) return cannot("write", path, code);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return cannot("write", path, errno);
  unlinker.keep();
  return durable ? sync_folder(folder) : Status();
}

Status DiskFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail_errno("cannot move " + printable(from) + " to " + printable(to), errno);
}

Status DiskFiles::symlink(const std::string& target, const std::string& path) {
  if (::symlink(target.c_str(), path.c_str()) == 0) return {};
  return cannot("create link", path, errno);
}

Status DiskFiles::chmod(const std::string& path, std::uint32_t mode) {
  if (::chmod(path.c_str(), mode) == 0) return {};
  return cannot("change the mode of", path, errno);
}

Status DiskFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  if (errno == EISDIR && ::rmdir(path.c_str()) == 0) return {};
  return cannot("remove", path, errno);
}

Result<std::unique_ptr<AppendFile>> DiskFiles::append_to(const std::string& path,
                                                         std::uint64_t keep_bytes) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
               0666));
  if (!fd) return cannot("open", path, errno);
  struct stat raw;
  if (::fstat(fd.get(), &raw) != 0) return cannot("stat", path, errno);
  const FileStat found = convert(raw);
  if (found.kind != FileKind::Regular) return not_regular("open", path, found);
  if (found.size > keep_bytes && ::ftruncate(fd.get(), static_cast<off_t>(keep_bytes)) != 0) {
    return cannot("cut", path, errno);
  }
  return std::make_unique<DiskAppend>(std::move(fd), path);
}

Result<std::int64_t> DiskFiles::clock(const std::string& folder) {
  struct stat raw;
  // A file without a name; where the file system has none, one with a name.
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!fd) {
    const std::string path = temporary_name(folder);
    fd = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return cannot("create a file in", folder, errno);
    ::unlink(path.c_str());
  }
  if (::fstat(fd.get(), &raw) != 0) return cannot("stat a file in", folder, errno);
  return convert(raw).mtime_ns;
}

}  // namespace devgraph
