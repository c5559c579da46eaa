#pragma once
/// What the parts of DiskFiles share: opening, reading and writing with their errors.

#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "engine/base/fd.h"
#include "engine/base/files.h"

namespace devgraph::disk {

// XXH3 keeps up with read() from 64 KiB on; 256 KiB blocks start to fall out of the L2 cache.
inline constexpr std::size_t kBlock = std::size_t{128} * 1024;

/// `cannot read x: No such file or directory`
std::unexpected<Error> cannot(const char* verb, const std::string& path, int code);

/// Why `found` cannot be treated as a regular file.
std::unexpected<Error> not_regular(const char* verb, const std::string& path,
                                   const FileStat& found);

FileStat convert(const struct stat& raw);

struct OpenFile {
  Fd fd;
  FileStat stat;
};

/// Opens a regular file for reading. Not blocked by a fifo of that name.
Result<OpenFile> open_regular(const char* verb, const std::string& path);

/// read() that is not stopped by a signal.
ssize_t read_some(int fd, char* buffer, std::size_t size);

/// 0, or the errno.
int write_all(int fd, std::string_view bytes);

/// `.` for a name without a folder.
std::string folder_of(const std::string& path);

/// Removes the file again unless `keep` was called.
class Unlinker {
 public:
  explicit Unlinker(const std::string& path) : path_(path) {}
  ~Unlinker() {
    if (armed_) ::unlink(path_.c_str());
  }
  Unlinker(const Unlinker&) = delete;
  Unlinker& operator=(const Unlinker&) = delete;
  void keep() { armed_ = false; }

 private:
  const std::string& path_;  // Outlives this object: a local of the same function.
  bool armed_ = true;
};

}  // namespace devgraph::disk
