#pragma once
/// Files with several names (hard links), as layouts of images share their layers: what was read
/// under one name in this process need not be read under the others.

#include <mutex>
#include <optional>
#include <unordered_map>

#include "engine/base/digest.h"
#include "engine/base/files.h"

namespace devgraph::store {

/// May be used by several threads at once.
class Twins {
 public:
  struct Content {
    Digest content;
    std::optional<Sha256> sha;
  };
  /// Whether a file may have twins: only what nobody may write is ever linked (Files::share).
  static bool may_have(const FileStat& stat) { return (stat.mode & 0222U) == 0; }

  /// What was read of this file, if its stat was the same. `linking`: its change time does not
  /// count, because a further link moves it; only for files that we made ourselves.
  std::optional<Content> find(const FileStat& stat, bool linking) const;
  void add(const FileStat& stat, const Content& content);

 private:
  struct Row {
    FileStat stat;
    Content content;
  };
  mutable std::mutex mutex_;                     // Guards the rows.
  std::unordered_map<std::uint64_t, Row> rows_;  // By inode.
};

}  // namespace devgraph::store
