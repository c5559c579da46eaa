#include "engine/store/tree.h"

#include <numeric>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <tbb/parallel_sort.h>

#include "engine/base/parallel_rows.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/store/bytes.h"

namespace devgraph::store {
namespace {

constexpr std::string_view kTreeMagic = "DGTREE02";
// Without kFixed.
constexpr std::string_view kOldTreeMagic = "DGTREE01";
constexpr std::uint8_t kExecutable = 1;
constexpr std::uint8_t kFixed = 2;

/// What the owner must be able to do for us to take it.
std::uint32_t needed_mode(const FileStat& stat) {
  constexpr std::uint32_t kRead = 0400;
  constexpr std::uint32_t kAll = 0700;
  return stat.kind == FileKind::Folder ? kAll : kRead;
}

bool is_open(const FileStat& stat) {
  return (stat.mode & needed_mode(stat)) == needed_mode(stat);
}

/// The same where the stat is not known yet.
Status open_up_folder(Files& files, const std::string& path) {
  const Result<FileStat> stat = files.lstat(path);
  if (!stat) return std::unexpected(stat.error());
  return open_up(files, path, *stat);
}

/// The entries of one folder, without what is in their sub-folders.
Result<std::vector<FolderEntry>> entries_of(Files& files, const std::string& full, Modes modes) {
  if (modes == Modes::OpenUp) {
    if (Status done = open_up_folder(files, full); !done) return std::unexpected(done.error());
  }
  return files.list(full);
}

/// Names and kinds, one depth after the other.
Status list_names(Files& files, const std::string& root, Modes modes, std::vector<TreeEntry>& found,
                  std::vector<FileKind>& kinds) {
  std::vector<std::string> folders{""};
  while (!folders.empty()) {
    std::vector<std::vector<FolderEntry>> listed(folders.size());
    const Status done = try_rows(
        folders.size(),
        [&](std::size_t i) -> Status {
          Result<std::vector<FolderEntry>> names =
              entries_of(files, join_path(root, folders[i]), modes);
          if (!names) return std::unexpected(names.error());
          listed[i] = std::move(*names);
          return {};
        },
        kFolderRows);
    if (!done) return done;
    std::vector<std::string> below;
    for (std::size_t i = 0; i < folders.size(); ++i) {
      for (const FolderEntry& item : listed[i]) {
        TreeEntry& entry = found.emplace_back();
        entry.path = join_path(folders[i], item.name);
        kinds.push_back(item.kind);
        if (item.kind == FileKind::Folder) below.push_back(entry.path);
      }
    }
    folders = std::move(below);
  }
  return {};
}

/// What a manifest says of one entry beside its name, but for its content.
Status describe(Files& files, const std::string& root, Modes modes, FileKind kind, TreeEntry& entry,
                FileStat& stat) {
  if (kind == FileKind::Folder) {
    entry.kind = TreeEntryKind::Folder;
    return {};
  }
  const std::string full = join_path(root, entry.path);
  if (kind == FileKind::Symlink) {
    Result<std::string> target = files.read_link(full);
    if (!target) return std::unexpected(target.error());
    entry.kind = TreeEntryKind::Link;
    entry.target = std::move(*target);
    return {};
  }
  if (kind != FileKind::Regular) {
    return fail(fmt::format("{} is neither a file, a folder nor a link", printable(full)));
  }
  Result<FileStat> now = files.lstat(full);
  if (now && modes == Modes::OpenUp && !is_open(*now)) {
    if (Status done = open_up(files, full, *now); !done) return done;
    now = files.lstat(full);
  }
  if (!now) return std::unexpected(now.error());
  stat = *now;
  entry.executable = stat.executable;
  entry.size = stat.size;
  return {};
}

}  // namespace

Status open_up(Files& files, const std::string& path, const FileStat& stat) {
  if (is_open(stat)) return {};
  return files.chmod(path, stat.mode | needed_mode(stat));
}

Result<TreeListing> list_tree(Files& files, const std::string& folder, Modes modes) {
  std::vector<TreeEntry> entries;
  std::vector<FileKind> kinds;
  if (Status done = list_names(files, folder, modes, entries, kinds); !done) {
    return std::unexpected(done.error());
  }
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  tbb::parallel_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return entries[a].path < entries[b].path;
  });
  TreeListing sorted;
  sorted.manifest.entries.resize(entries.size());
  sorted.stats.resize(entries.size());
  const Status done = try_rows(
      order.size(),
      [&](std::size_t i) {
        TreeEntry& entry = sorted.manifest.entries[i];
        entry = std::move(entries[order[i]]);
        return describe(files, folder, modes, kinds[order[i]], entry, sorted.stats[i]);
      },
      kFileRows);
  if (!done) return std::unexpected(done.error());
  return sorted;
}

Status copy_tree(Files& files, const std::string& from, const std::string& to) {
  std::vector<std::pair<std::string, std::string>> folders{{from, to}};
  while (!folders.empty()) {
    const auto [source, target] = folders.back();
    folders.pop_back();
    if (Status done = files.make_folders(target); !done) return done;
    const Result<std::vector<FolderEntry>> entries = files.list(source);
    if (!entries) return std::unexpected(entries.error());
    for (const FolderEntry& entry : *entries) {
      const std::string inner = join_path(source, entry.name);
      const std::string place = join_path(target, entry.name);
      Status done;
      if (entry.kind == FileKind::Folder) {
        folders.emplace_back(inner, place);
      } else if (entry.kind == FileKind::Symlink) {
        const Result<std::string> link = files.read_link(inner);
        done = link ? files.symlink(*link, place) : Status(std::unexpected(link.error()));
      } else {
        done = files.copy(inner, place);
      }
      if (!done) return done;
    }
  }
  return {};
}

Digest with_mode(const Digest& content, bool executable) {
  if (!executable) return content;
  std::string bytes("executable");
  put_digest(bytes, content);
  return digest_of(bytes);
}

Digest tree_digest(const TreeManifest& tree) {
  std::string bytes("tree");
  for (const TreeEntry& entry : tree.entries) {
    put_text(bytes, entry.path);
    put_number(bytes, static_cast<std::uint8_t>(entry.kind));
    if (entry.kind == TreeEntryKind::File)
      put_digest(bytes, with_mode(entry.content, entry.executable));
    if (entry.kind == TreeEntryKind::Link) put_text(bytes, entry.target);
  }
  return digest_of(bytes);
}

std::string encode_tree(const TreeManifest& tree) {
  std::string bytes(kTreeMagic);
  put_number(bytes, static_cast<std::uint32_t>(tree.entries.size()));
  for (const TreeEntry& entry : tree.entries) {
    put_number(bytes, static_cast<std::uint8_t>(entry.kind));
    put_number(bytes, static_cast<std::uint8_t>((entry.executable ? kExecutable : 0U) |
                                                (entry.fixed ? kFixed : 0U)));
    put_text(bytes, entry.path);
    if (entry.kind == TreeEntryKind::Link) put_text(bytes, entry.target);
    if (entry.kind != TreeEntryKind::File) continue;
    put_number(bytes, entry.size);
    put_digest(bytes, entry.content);
    put_sha(bytes, entry.sha);
  }
  return bytes;
}

std::optional<TreeManifest> decode_tree(std::string_view bytes) {
  if (!bytes.starts_with(kTreeMagic) && !bytes.starts_with(kOldTreeMagic)) return std::nullopt;
  ByteReader reader(bytes.substr(kTreeMagic.size()));
  TreeManifest tree;
  std::unordered_set<std::string> folders{""};  // Folders stand before what is in them.
  for (std::uint32_t count = reader.number<std::uint32_t>(); count > 0 && reader.ok(); --count) {
    TreeEntry entry;
    entry.kind = static_cast<TreeEntryKind>(reader.number<std::uint8_t>());
    const std::uint8_t modes = reader.number<std::uint8_t>();
    entry.executable = (modes & kExecutable) != 0;
    entry.fixed = (modes & kFixed) != 0;
    entry.path = reader.text();
    if (entry.kind == TreeEntryKind::Link) entry.target = reader.text();
    if (entry.kind == TreeEntryKind::File) {
      entry.size = reader.number<std::uint64_t>();
      entry.content = reader.digest();
      entry.sha = reader.sha();
    }
    // A name that would leave the folder, by itself or through a link, can only come from damage
    // or malice.
    if (canonical(entry.path) != entry.path || entry.path.empty() || entry.path.starts_with('/')) {
      return std::nullopt;
    }
    if (!folders.contains(std::string(parent_path(entry.path)))) return std::nullopt;
    if (entry.kind == TreeEntryKind::Folder) folders.insert(entry.path);
    tree.entries.push_back(std::move(entry));
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return tree;
}

Result<std::optional<TreeManifest>> read_tree(Files& files, StatIndex& index, const Look& look,
                                              std::string_view path) {
  const std::string root = join_path(look.workspace, path);
  const Result<FileStat> stat = files.lstat(root);
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind != FileKind::Folder) return std::optional<TreeManifest>();
  Result<TreeListing> listing = list_tree(files, root);
  if (!listing) return std::unexpected(listing.error());

  std::vector<TreeEntry>& entries = listing->manifest.entries;
  std::vector<std::string> names;
  std::vector<FileStat> stats;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].kind != TreeEntryKind::File) continue;
    names.push_back(join_path(path, entries[i].path));
    stats.push_back(listing->stats[i]);
    which.push_back(i);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::vector<FileFact> facts = look_at(files, index, look, views, stats);
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!facts[i].error.empty()) return fail(facts[i].error);
    entries[which[i]].content = facts[i].content;
    entries[which[i]].executable = facts[i].stat.executable;
  }
  return std::optional<TreeManifest>(std::move(listing->manifest));
}

Result<std::optional<Digest>> digest_tree(Files& files, StatIndex& index, const Look& look,
                                          std::string_view path) {
  const Result<std::optional<TreeManifest>> tree = read_tree(files, index, look, path);
  if (!tree) return std::unexpected(tree.error());
  return *tree ? std::optional(tree_digest(**tree)) : std::optional<Digest>();
}

}  // namespace devgraph::store
