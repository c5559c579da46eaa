#include "engine/store/twins.h"

namespace devgraph::store {

std::optional<Twins::Content> Twins::find(const FileStat& stat, bool linking) const {
  if (!may_have(stat)) return std::nullopt;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = rows_.find(stat.inode);
  if (found == rows_.end()) return std::nullopt;
  FileStat then = found->second.stat;
  if (linking) then.ctime_ns = stat.ctime_ns;
  if (then != stat) return std::nullopt;
  return found->second.content;
}

void Twins::add(const FileStat& stat, const Content& content) {
  if (!may_have(stat)) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  Row& row = rows_[stat.inode];
  Content merged = content;
  // A reading without SHA-256 takes nothing away from one with it.
  if (!merged.sha && row.content.content == content.content) merged.sha = row.content.sha;
  row = Row{stat, merged};
}

}  // namespace devgraph::store
