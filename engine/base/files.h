#pragma once
/// The seam to the file system. Everything the engine does to files goes through a `Files`, so that
/// a test can run a build in memory, or fail or stop it at the Nth call.
/// Paths are absolute, or relative to the process's working directory; bytes, never NUL.
/// All members may be called from several threads at once.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/result.h"

namespace devgraph {

enum class FileKind : std::uint8_t { Absent, Regular, Folder, Symlink, Other };

/// What stat says, as far as it can tell one content from another.
struct FileStat {
  FileKind kind = FileKind::Absent;
  bool executable = false;  ///< The owner's x bit, of regular files.
  std::uint32_t mode = 0;   ///< Permission bits.
  std::uint64_t size = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;

  bool exists() const { return kind != FileKind::Absent; }
  friend bool operator==(const FileStat&, const FileStat&) = default;
};

struct FolderEntry {
  std::string name;
  FileKind kind = FileKind::Other;  ///< Of the entry itself: a link is a Symlink.
};

/// Both hashes of a file's bytes, and the stat that held before and after they were read.
struct FileHash {
  Digest xxh;
  std::optional<Sha256> sha;  ///< Only where asked for.
  FileStat stat;
};

/// A read-only view of a whole file; the bytes live as long as this object.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::string_view bytes() const = 0;
};

/// A file opened for appending.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Status append(std::string_view bytes) = 0;  ///< Whole or error; may be torn by a crash.
  virtual Status sync() = 0;
};

class Files {
 public:
  virtual ~Files() = default;

  /// Follows links. An absent file (or a broken or endless link) is FileKind::Absent, not an error.
  virtual Result<FileStat> stat(const std::string& path) = 0;
  virtual Result<FileStat> lstat(const std::string& path) = 0;
  virtual Result<std::string> read(const std::string& path) = 0;
  virtual Result<std::string> read_link(const std::string& path) = 0;
  /// Sorted by bytes, without `.` and `..`.
  virtual Result<std::vector<FolderEntry>> list(const std::string& folder) = 0;
  virtual Result<std::unique_ptr<MappedFile>> map(const std::string& path) = 0;
  /// Reads the file once. Error if it changes while it is read (after one more try).
  virtual Result<FileHash> hash(const std::string& path, bool with_sha256) = 0;

  virtual Status make_folders(const std::string& path) = 0;
  /// Creates or replaces by a temporary file in the same folder and rename; fsync of file and
  /// folder when `durable`.
  virtual Status write(const std::string& path, std::string_view bytes, std::uint32_t mode,
                       bool durable) = 0;
  /// Copies bytes and the executable bit (reflink, copy_file_range or read/write, in this order).
  /// The target must not exist.
  virtual Status copy(const std::string& from, const std::string& to) = 0;
  /// The same content at another path, without a second copy where that is safe: a hard link if
  /// nobody may write the file; else as `copy`. The target must not exist.
  virtual Status share(const std::string& from, const std::string& to) { return copy(from, to); }
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status symlink(const std::string& target, const std::string& path) = 0;
  virtual Status chmod(const std::string& path, std::uint32_t mode) = 0;
  /// Absent is fine.
  virtual Status remove(const std::string& path) = 0;
  /// A whole folder, links not followed, read-only folders made writable first. Absent is fine.
  virtual Status remove_all(const std::string& path) = 0;
  /// Creates the file when absent; an existing file is cut to `keep_bytes` first.
  virtual Result<std::unique_ptr<AppendFile>> append_to(const std::string& path,
                                                        std::uint64_t keep_bytes) = 0;
  /// The clock of the file system that holds `folder`, in nanoseconds: the mtime of a file touched
  /// there now.
  virtual Result<std::int64_t> clock(const std::string& folder) = 0;
};

/// The real file system.
class DiskFiles final : public Files {
 public:
  Result<FileStat> stat(const std::string& path) override;
  Result<FileStat> lstat(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<std::vector<FolderEntry>> list(const std::string& folder) override;
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override;
  Result<FileHash> hash(const std::string& path, bool with_sha256) override;
  Status make_folders(const std::string& path) override;
  Status write(const std::string& path, std::string_view bytes, std::uint32_t mode,
               bool durable) override;
  Status copy(const std::string& from, const std::string& to) override;
  Status share(const std::string& from, const std::string& to) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status symlink(const std::string& target, const std::string& path) override;
  Status chmod(const std::string& path, std::uint32_t mode) override;
  Status remove(const std::string& path) override;
  Status remove_all(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path,
                                                std::uint64_t keep_bytes) override;
  Result<std::int64_t> clock(const std::string& folder) override;
};

}  // namespace devgraph
