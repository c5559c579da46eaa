#include "engine/store/tree.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

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

/// The same where the stat is not known yet.
Status open_up_folder(Files& files, const std::string& path) {
  const Result<FileStat> stat = files.lstat(path);
  if (!stat) return std::unexpected(stat.error());
  return open_up(files, path, *stat);
}

/// One folder's entries, appended; what sub-folders hold is left for the caller.
Status list_folder(Files& files, const std::string& root, const std::string& folder, Modes modes,
                   TreeListing& found) {
  Result<std::vector<FolderEntry>> entries = files.list(join_path(root, folder));
  if (!entries) return std::unexpected(entries.error());
  for (const FolderEntry& item : *entries) {
    TreeEntry entry;
    entry.path = join_path(folder, item.name);
    const std::string full = join_path(root, entry.path);
    FileStat stat;
    if (item.kind == FileKind::Folder) {
      entry.kind = TreeEntryKind::Folder;
      if (modes == Modes::OpenUp) {
        if (Status done = open_up_folder(files, full); !done) return done;
      }
    } else if (item.kind == FileKind::Symlink) {
      Result<std::string> target = files.read_link(full);
      if (!target) return std::unexpected(target.error());
      entry.kind = TreeEntryKind::Link;
      entry.target = std::move(*target);
    } else if (item.kind == FileKind::Regular) {
      const Result<FileStat> now = files.lstat(full);
      if (!now) return std::unexpected(now.error());
      stat = *now;
      if (modes == Modes::OpenUp) {
        if (Status done = open_up(files, full, stat); !done) return done;
      }
      entry.executable = stat.executable;
      entry.size = stat.size;
    } else {
      return fail(fmt::format("{} is neither a file, a folder nor a link", printable(full)));
    }
    found.manifest.entries.push_back(std::move(entry));
    found.stats.push_back(stat);
  }
  return {};
}

}  // namespace

Status open_up(Files& files, const std::string& path, const FileStat& stat) {
  constexpr std::uint32_t kRead = 0400;
  constexpr std::uint32_t kAll = 0700;
  const std::uint32_t needed = stat.kind == FileKind::Folder ? kAll : kRead;
  if ((stat.mode & needed) == needed) return {};
  return files.chmod(path, stat.mode | needed);
}

Result<TreeListing> list_tree(Files& files, const std::string& folder, Modes modes) {
  TreeListing found;
  if (modes == Modes::OpenUp) {
    if (Status done = open_up_folder(files, folder); !done) return std::unexpected(done.error());
  }
  std::vector<std::string> to_do{""};
  while (!to_do.empty()) {
    const std::string next = std::move(to_do.back());
    to_do.pop_back();
    const std::size_t before = found.manifest.entries.size();
    if (Status done = list_folder(files, folder, next, modes, found); !done) {
      return std::unexpected(done.error());
    }
    for (std::size_t i = before; i < found.manifest.entries.size(); ++i) {
      const TreeEntry& entry = found.manifest.entries[i];
      if (entry.kind == TreeEntryKind::Folder) to_do.push_back(entry.path);
    }
  }
  std::vector<std::size_t> order(found.stats.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return found.manifest.entries[a].path < found.manifest.entries[b].path;
  });
  TreeListing sorted;
  for (const std::size_t i : order) {
    sorted.manifest.entries.push_back(std::move(found.manifest.entries[i]));
    sorted.stats.push_back(found.stats[i]);
  }
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
    // A name that would leave the folder can only come from damage or malice.
    if (canonical(entry.path) != entry.path || entry.path.empty() || entry.path.starts_with('/')) {
      return std::nullopt;
    }
    tree.entries.push_back(std::move(entry));
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return tree;
}

Result<std::optional<Digest>> digest_tree(Files& files, StatIndex& index, const Look& look,
                                          std::string_view path) {
  const std::string root = join_path(look.workspace, path);
  const Result<FileStat> stat = files.lstat(root);
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind != FileKind::Folder) return std::optional<Digest>();
  Result<TreeListing> listing = list_tree(files, root);
  if (!listing) return std::unexpected(listing.error());

  std::vector<TreeEntry>& entries = listing->manifest.entries;
  std::vector<std::string> names;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].kind != TreeEntryKind::File) continue;
    names.push_back(join_path(path, entries[i].path));
    which.push_back(i);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::vector<FileFact> facts = look_at(files, index, look, views);
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!facts[i].error.empty()) return fail(facts[i].error);
    entries[which[i]].content = facts[i].content;
    entries[which[i]].executable = facts[i].stat.executable;
  }
  return std::optional<Digest>(tree_digest(listing->manifest));
}

}  // namespace devgraph::store
