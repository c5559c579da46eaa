#pragma once
/// What is known of files by their stat: digests taken before, to be trusted as long as nothing can
/// have changed unseen. docs/reference/state-formats.md, "Stat index", has format and rule.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/files.h"
#include "engine/store/log_file.h"
#include "engine/store/twins.h"

namespace devgraph::store {

/// A digest, the stat that held while it was taken, and when that was by the file system's clock.
struct Known {
  FileStat stat;
  std::int64_t hashed_at = 0;  ///< Nanoseconds; taken before the file was read.
  Digest content;
  std::optional<Sha256> sha;
};

/// The racy rule: true if the stat is the same in all it says, and what it says is older than the
/// reading by more than the clock can hide.
bool is_trusted(const Known& known, const FileStat& now);

class StatIndex {
 public:
  /// Never fails: what is damaged or absent is as if nothing were known.
  static StatIndex load(Files& files, const std::string& state_folder);

  StatIndex(StatIndex&&) noexcept = default;
  StatIndex& operator=(StatIndex&&) noexcept = default;

  /// What is known of a path; whether it may be trusted is for `is_trusted` to say. From several
  /// threads at once, as long as none calls `put`.
  std::optional<Known> find(std::string_view path) const;
  void put(std::string_view path, const Known& known);
  std::size_t size() const { return table_size_ + fresh_.size(); }
  /// Writes what was put: behind the table, or a new table when that is worth it.
  Status save();

 private:
  StatIndex() = default;
  bool open_table(std::string_view bytes);
  Status rewrite();
  Known read_row(std::size_t row) const;
  std::string_view path_of(std::size_t row) const;

  Files* files_ = nullptr;
  std::string path_;
  std::unique_ptr<MappedFile> mapped_;  // Replaced by rename only, so it cannot shrink under us.
  std::uint64_t table_id_ = 0;
  std::size_t table_size_ = 0;
  std::string_view slots_, rows_, shas_, names_;  // Into mapped_.
  LogFile log_;
  std::unordered_map<std::string, Known> fresh_;  // Wins over the table.
};

/// What a build knows of one path.
struct FileFact {
  FileStat stat;
  Digest content;             ///< Of a regular file, or of the target of a link; else zero.
  std::optional<Sha256> sha;  ///< Where the index had it.
  bool hashed = false;        ///< Read just now; to be put into the index.
  std::string error;          ///< Not empty: it is there but cannot be read.
};

/// How `look_at` goes about it.
struct Look {
  std::string workspace;   ///< Absolute; before relative paths.
  std::int64_t now = 0;    ///< The clock of the file system, taken before.
  bool paranoid = false;   ///< Trust no stamp.
  bool follow = true;      ///< Links; else a link is a Symlink, whose content is its target.
  Twins* twins = nullptr;  ///< Of this process, or null.
};

/// Stats every path once and hashes what is not trusted, in parallel. Paths are workspace-relative
/// or absolute. What was hashed is put into the index. `stats`: what lstat said of each just now,
/// or nothing.
std::vector<FileFact> look_at(Files& files, StatIndex& index, const Look& look,
                              std::span<const std::string_view> paths,
                              std::span<const FileStat> stats = {});

}  // namespace devgraph::store
