#include <cerrno>
#include <vector>

#include <sys/stat.h>

#include "engine/base/disk_io.h"
#include "engine/base/text.h"

namespace devgraph {

using disk::cannot;
using disk::convert;
using disk::kBlock;
using disk::open_regular;
using disk::OpenFile;
using disk::read_some;

namespace {

/// A file that nobody may write gets further names while it is read (Files::share); each moves the
/// change time, and no byte.
bool is_steady(const FileStat& before, FileStat after) {
  if ((after.mode & 0222U) == 0) after.ctime_ns = before.ctime_ns;
  return before == after;
}

/// The bytes of a file in one pass, or nothing if the file changed meanwhile.
Result<std::optional<FileHash>> hash_once(const std::string& path, bool with_sha256) {
  Result<OpenFile> file = open_regular("read", path);
  if (!file) return std::unexpected(std::move(file.error()));
  const int fd = file->fd.get();
  static thread_local std::vector<char> buffer(kBlock);
  FileHash out;
  out.stat = file->stat;
  std::optional<Sha256Hasher> sha;
  if (with_sha256) sha.emplace();
  std::optional<Hasher> hasher;  // Only for what does not fit into one block.
  std::uint64_t total = 0;
  bool at_end = false;
  while (!at_end) {
    const ssize_t count = read_some(fd, buffer.data(), buffer.size());
    if (count < 0) return cannot("read", path, errno);
    const std::string_view block(buffer.data(), static_cast<std::size_t>(count));
    total += block.size();
    // All that stat promised was read; if there is more by now, the second stat will say so.
    at_end = count == 0 || (out.stat.size > 0 && total >= out.stat.size);
    if (sha) sha->bytes(block);
    if (at_end && !hasher) {
      out.xxh = digest_of(block);
      break;
    }
    if (!hasher) hasher.emplace();
    hasher->bytes(block);
  }
  if (hasher) out.xxh = hasher->finish();
  if (sha) out.sha = sha->finish();
  struct stat raw;
  if (::fstat(fd, &raw) != 0) return cannot("stat", path, errno);
  const bool steady =
      is_steady(out.stat, convert(raw)) && (out.stat.size == 0 || total == out.stat.size);
  if (!steady) return std::optional<FileHash>();
  return std::optional<FileHash>(out);
}

}  // namespace

Result<FileHash> DiskFiles::hash(const std::string& path, bool with_sha256) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    Result<std::optional<FileHash>> once = hash_once(path, with_sha256);
    if (!once) return std::unexpected(std::move(once.error()));
    if (const std::optional<FileHash>& hash = *once) return *hash;
  }
  return fail(printable(path) + " changed while it was read", EBUSY);
}

}  // namespace devgraph
