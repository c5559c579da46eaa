#include "engine/base/parallel_rows.h"
#include "engine/base/path.h"
#include "engine/store/stat_index.h"

namespace devgraph::store {
namespace {

FileFact look_at_one(Files& files, const StatIndex& index, const Look& look, std::string_view path,
                     const FileStat* known_stat) {
  FileFact fact;
  const std::string full = join_path(look.workspace, path);
  const Result<FileStat> stat = known_stat != nullptr ? Result<FileStat>(*known_stat)
                                : look.follow         ? files.stat(full)
                                                      : files.lstat(full);
  if (!stat) {
    fact.error = stat.error().message;
    return fact;
  }
  fact.stat = *stat;
  if (stat->kind == FileKind::Symlink) {
    const Result<std::string> target = files.read_link(full);
    if (target) fact.content = digest_of(*target);
    if (!target) fact.error = target.error().message;
    return fact;
  }
  if (stat->kind != FileKind::Regular) return fact;
  const std::optional<Known> known = index.find(path);
  if (known && !look.paranoid && is_trusted(*known, *stat)) {
    fact.content = known->content;
    fact.sha = known->sha;
    return fact;
  }
  if (look.twins != nullptr && !look.paranoid) {
    if (const auto twin = look.twins->find(*stat, false)) {
      fact.content = twin->content;
      fact.sha = twin->sha;
      fact.hashed = true;
      return fact;
    }
  }
  const Result<FileHash> hash = files.hash(full, false);
  if (!hash) {
    fact.error = hash.error().message;
    return fact;
  }
  fact.stat = hash->stat;
  fact.content = hash->xxh;
  if (known && known->content == hash->xxh) fact.sha = known->sha;
  fact.hashed = true;
  if (look.twins != nullptr) look.twins->add(fact.stat, {fact.content, fact.sha});
  return fact;
}

}  // namespace

std::vector<FileFact> look_at(Files& files, StatIndex& index, const Look& look,
                              std::span<const std::string_view> paths,
                              std::span<const FileStat> stats) {
  std::vector<FileFact> facts(paths.size());
  for_rows(
      paths.size(),
      [&](std::size_t i) {
        facts[i] = look_at_one(files, index, look, paths[i], stats.empty() ? nullptr : &stats[i]);
      },
      kFileRows);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!facts[i].hashed) continue;
    index.put(paths[i], Known{facts[i].stat, look.now, facts[i].content, facts[i].sha});
  }
  return facts;
}

}  // namespace devgraph::store
