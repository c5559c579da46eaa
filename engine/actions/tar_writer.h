#pragma once
/// POSIX tar (ustar, with pax records where it is too small) whose bytes depend on nothing but what
/// is put in: not on the locale, the time zone or the version of a library.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace devgraph::actions {

struct TarEntry {
  enum class Kind : std::uint8_t { File, Folder, Symlink };
  Kind kind = Kind::File;
  std::string path;    ///< Relative; without a slash at its end.
  std::string target;  ///< Symlink only.
  std::uint64_t size = 0;
  std::uint32_t mode = 0644;
  std::uint64_t user = 0;
  std::uint64_t group = 0;
  std::int64_t mtime = 0;  ///< Seconds.
};

class TarWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;
  explicit TarWriter(Sink sink) : sink_(std::move(sink)) {}

  /// A file's `size` bytes follow by `data`.
  Status begin(const TarEntry& entry);
  Status data(std::string_view bytes);
  /// Pads the content of the last file. It must be complete.
  Status end();
  /// The two blocks of zeros that end an archive.
  Status finish();

 private:
  Sink sink_;
  std::uint64_t left_ = 0;  ///< Of the file being written.
  std::uint64_t padding_ = 0;
};

}  // namespace devgraph::actions
