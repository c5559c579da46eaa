#pragma once
/// An append-only file of checksummed entries. A torn or damaged tail is found when the file is
/// loaded, and cut off before anything is appended. docs/reference/state-formats.md, "Logs".

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"

namespace devgraph::store {

class LogFile {
 public:
  /// Reads the file at `path`. Never fails: without a file, or with one that is not ours, there are
  /// no entries. `magic` has eight bytes.
  static LogFile load(Files& files, std::string path, std::string_view magic);

  /// The payloads in order; they stay in place as long as this object (moving it keeps them).
  const std::vector<std::string_view>& entries() const { return entries_; }
  /// True if bytes were there that are no good entry.
  bool damaged() const { return damaged_; }
  /// Distinguishes this file from one made anew at the same path.
  std::uint64_t id() const { return id_; }

  /// Appends in memory; `flush` writes all that was added, with one call. Returns its number.
  std::size_t add(std::string payload);
  bool has_unwritten() const { return !unwritten_.empty(); }
  Status flush();

  /// Replaces the whole file by these entries (views into this object are fine), by rename.
  Status rewrite(const std::vector<std::string_view>& kept);

 private:
  Status open();

  Files* files_ = nullptr;
  std::string path_;
  std::string magic_;
  std::uint64_t id_ = 0;
  std::uint64_t good_bytes_ = 0;  ///< Of the file; 0: the header is to be written.
  bool damaged_ = false;
  std::optional<Error> failed_;  ///< Of the first append that went wrong.
  std::shared_ptr<const std::string> loaded_;
  std::deque<std::string> added_;
  std::vector<std::string_view> entries_;
  std::string unwritten_;
  std::unique_ptr<AppendFile> out_;
};

}  // namespace devgraph::store
