/// Outputs made again from the CAS.

#include <atomic>

#include <fmt/format.h>

#include "engine/base/parallel_rows.h"
#include "engine/base/path.h"
#include "engine/exec/landing.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

constexpr std::uint32_t kFileMode = 0644;
constexpr std::uint32_t kProgramMode = 0755;

/// What is there now, as it was written.
void know_files(Files& files, const store::TreeManifest& tree, const store::MadeOutput& made,
                const std::string& to, std::vector<std::pair<std::string, store::Known>>& known) {
  const std::int64_t now = files.clock(to).value_or(0);
  std::vector<const store::TreeEntry*> entries;
  for (const store::TreeEntry& entry : tree.entries) {
    if (entry.kind == store::TreeEntryKind::File && !entry.fixed) entries.push_back(&entry);
  }
  known.resize(entries.size());
  for_rows(
      entries.size(),
      [&](std::size_t i) {
        const store::TreeEntry& entry = *entries[i];
        const Result<FileStat> stat = files.lstat(join_path(to, entry.path));
        known[i] = {join_path(made.path, entry.path),
                    store::Known{stat.value_or(FileStat{}), now, entry.content, entry.sha}};
      },
      kFileRows);
}

std::uint32_t mode_of(const store::TreeEntry& entry) {
  constexpr std::uint32_t kWrite = 0222;
  const std::uint32_t mode = entry.executable ? kProgramMode : kFileMode;
  return entry.fixed ? mode & ~kWrite : mode;
}

bool is_shared(const store::TreeEntry& entry) {
  return entry.kind == store::TreeEntryKind::File && entry.fixed && entry.size > store::kPackedBlob;
}

/// A large file that nobody may write: all outputs of this build that have it share one copy.
Result<bool> restore_shared(Files& files, store::Cas& cas, const store::TreeEntry& entry,
                            const std::string& shared, const std::string& to) {
  const std::string first =
      fmt::format("{}/{}{}", shared, hex(entry.sha), entry.executable ? "x" : "");
  const Result<FileStat> stat = files.lstat(first);
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists()) {
    if (Status done = files.make_folders(shared); !done) return std::unexpected(done.error());
    const Result<bool> there = cas.restore(entry.sha, first, mode_of(entry));
    if (!there || !*there) return there;
  }
  if (Status done = files.share(first, to); !done) return std::unexpected(done.error());
  // It may have become a copy.
  if (Status done = files.chmod(to, mode_of(entry)); !done) return std::unexpected(done.error());
  return true;
}

/// All that needs an order: folders before what is in them, one after the other what is shared.
Result<bool> restore_frame(Files& files, store::Cas& cas, const store::TreeManifest& tree,
                           const std::string& shared, const std::string& to) {
  if (Status done = files.make_folders(to); !done) return std::unexpected(done.error());
  for (const store::TreeEntry& entry : tree.entries) {
    const std::string path = join_path(to, entry.path);
    if (entry.kind == store::TreeEntryKind::Folder) {
      if (Status done = files.make_folders(path); !done) return std::unexpected(done.error());
    } else if (is_shared(entry)) {
      const Result<bool> there = restore_shared(files, cas, entry, shared, path);
      if (!there || !*there) return there;
    }
  }
  return true;
}

Result<bool> restore_tree(Files& files, store::Cas& cas, const store::MadeOutput& made,
                          const std::string& shared, const std::string& to,
                          std::vector<std::pair<std::string, store::Known>>& known) {
  const std::optional<std::string> bytes = cas.get(made.sha);
  if (!bytes) return false;
  const std::optional<store::TreeManifest> tree = store::decode_tree(*bytes);
  if (!tree) return false;
  const Result<bool> frame = restore_frame(files, cas, *tree, shared, to);
  if (!frame || !*frame) return frame;
  std::atomic<bool> all_there = true;
  const Status done = try_rows(
      tree->entries.size(),
      [&](std::size_t i) -> Status {
        const store::TreeEntry& entry = tree->entries[i];
        const bool is_done = entry.kind == store::TreeEntryKind::Folder || is_shared(entry);
        if (is_done || !all_there) return {};
        const std::string path = join_path(to, entry.path);
        if (entry.kind == store::TreeEntryKind::Link) return files.symlink(entry.target, path);
        const Result<bool> there = cas.restore(entry.sha, path, mode_of(entry));
        if (!there) return std::unexpected(there.error());
        if (!*there) all_there = false;
        return {};
      },
      kFileRows);
  if (!done) return std::unexpected(done.error());
  if (all_there) know_files(files, *tree, made, to, known);
  return all_there.load();
}

}  // namespace

Result<bool> restore_output(Files& files, store::Cas& cas, const store::MadeOutput& made,
                            const std::string& shared, const std::string& to,
                            std::vector<std::pair<std::string, store::Known>>& known) {
  switch (made.kind) {
    case store::MadeKind::File:
      return cas.restore(made.sha, to, made.executable ? kProgramMode : kFileMode);
    case store::MadeKind::Link: {
      const std::optional<std::string> target = cas.get(made.sha);
      if (!target) return false;
      if (Status done = files.symlink(*target, to); !done) return std::unexpected(done.error());
      return true;
    }
    case store::MadeKind::Tree:
      return restore_tree(files, cas, made, shared, to, known);
  }
  return false;
}

}  // namespace devgraph::exec
