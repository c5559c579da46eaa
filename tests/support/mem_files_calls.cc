/// The calls of Files on MemFiles.

#include <cerrno>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "tests/support/mem_inode.h"

namespace devgraph {
namespace {

bool means_absent(int code) {
  return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

class SharedBytes final : public MappedFile {
 public:
  explicit SharedBytes(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return *bytes_; }

 private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace

class MemFiles::Append final : public AppendFile {
 public:
  Append(MemFiles& files, std::shared_ptr<Inode> inode, std::string path)
      : files_(files), inode_(std::move(inode)), path_(std::move(path)) {}
  Status append(std::string_view bytes) override { return files_.append(*inode_, path_, bytes); }
  Status sync() override { return files_.sync(*inode_, path_); }

 private:
  MemFiles& files_;  // Outlives its open files.
  std::shared_ptr<Inode> inode_;
  std::string path_;
};

// --- Files: looking
// -------------------------------------------------------------------------------

Result<FileStat> MemFiles::stat(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Stat)) return cannot("stat", path, code);
  const Result<Place> place = resolve("stat", path, true);
  if (place) return place->inode ? stat_of(*place->inode) : FileStat{};
  if (means_absent(place.error().code)) return FileStat{};
  return std::unexpected(place.error());
}

Result<FileStat> MemFiles::lstat(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Lstat)) return cannot("stat", path, code);
  const Result<Place> place = resolve("stat", path, false);
  if (place) return place->inode ? stat_of(*place->inode) : FileStat{};
  if (means_absent(place.error().code)) return FileStat{};
  return std::unexpected(place.error());
}

Result<std::string> MemFiles::read(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Read)) return cannot("read", path, code);
  const Result<Inode*> inode = regular("read", path);
  if (!inode) return std::unexpected(inode.error());
  return *(*inode)->data;
}

Result<std::string> MemFiles::read_link(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::ReadLink)) return cannot("read link", path, code);
  const Result<Place> place = resolve("read link", path, false);
  if (!place) return std::unexpected(place.error());
  if (!place->inode) return cannot("read link", path, ENOENT);
  if (place->inode->kind != FileKind::Symlink) return cannot("read link", path, EINVAL);
  return *place->inode->data;
}

Result<std::vector<FolderEntry>> MemFiles::list(const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::List)) return cannot("list", folder, code);
  const Result<Place> place = resolve("list", folder, true);
  if (!place) return std::unexpected(place.error());
  if (!place->inode) return cannot("list", folder, ENOENT);
  if (place->inode->kind != FileKind::Folder) return cannot("list", folder, ENOTDIR);
  std::vector<FolderEntry> out;
  for (const auto& [name, inode] : place->inode->entries)
    out.push_back({name, inode->kind});
  return out;
}

Result<std::unique_ptr<MappedFile>> MemFiles::map(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Map)) return cannot("map", path, code);
  const Result<Inode*> inode = regular("map", path);
  if (!inode) return std::unexpected(inode.error());
  return std::make_unique<SharedBytes>((*inode)->data);
}

Result<FileHash> MemFiles::hash(const std::string& path, bool with_sha256) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Hash)) return cannot("read", path, code);
  const Result<Inode*> inode = regular("read", path);
  if (!inode) return std::unexpected(inode.error());
  FileHash out;
  out.xxh = digest_of(*(*inode)->data);
  if (with_sha256) out.sha = sha256_of(*(*inode)->data);
  out.stat = stat_of(**inode);
  return out;
}

Result<std::int64_t> MemFiles::clock(const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Clock)) return cannot("create a file in", folder, code);
  const Result<Place> place = resolve("create a file in", folder, true);
  if (!place) return std::unexpected(place.error());
  if (!place->inode) return cannot("create a file in", folder, ENOENT);
  if (place->inode->kind != FileKind::Folder) return cannot("create a file in", folder, ENOTDIR);
  return stamp();
}

// --- Files: changing
// ------------------------------------------------------------------------------

Status MemFiles::make_folders(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::MakeFolders)) return cannot("create folder", path, code);
  std::string so_far;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty()) continue;
    so_far += "/" + std::string(part);
    const Result<Place> place = resolve("create folder", so_far, true);
    if (!place) return std::unexpected(place.error());
    if (place->inode && place->inode->kind != FileKind::Folder) {
      return cannot("create folder", so_far, ENOTDIR);
    }
    if (!place->inode) link(*place, make_inode(FileKind::Folder, 0755));
  }
  return {};
}

Status MemFiles::write(const std::string& path, std::string_view bytes, std::uint32_t mode,
                       bool durable) {
  const std::scoped_lock lock(mutex_);
  bool torn = false;
  if (const int code = enter(Call::Write, &torn)) return cannot("write", path, code);
  const Result<Place> place = resolve("create", path, false);
  if (!place) return std::unexpected(place.error());
  if (place->inode && place->inode->kind == FileKind::Folder) return cannot("write", path, EISDIR);
  auto inode = make_inode(FileKind::Regular, mode);
  inode->data = std::make_shared<std::string>(torn ? bytes.substr(0, bytes.size() / 2) : bytes);
  if (durable) inode->synced = inode->data;
  if (torn) {
    // As on a disk: the temporary file is left behind, the file itself is as it was.
    const std::string name = ".devgraph-tmp-0-" + std::to_string(inode->number);
    link({.folder = place->folder, .name = name, .inode = nullptr}, std::move(inode));
    throw Killed{};
  }
  link(*place, std::move(inode));
  return {};
}

Status MemFiles::copy(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  bool torn = false;
  if (const int code = enter(Call::Copy, &torn)) return cannot("write", to, code);
  const Result<Inode*> source = regular("copy", from);
  if (!source) return std::unexpected(source.error());
  const Result<Place> place = resolve("create", to, false);
  if (!place) return std::unexpected(place.error());
  if (place->inode) return cannot("create", to, EEXIST);
  auto inode = make_inode(FileKind::Regular, ((*source)->mode & 0100) != 0 ? 0755 : 0644);
  inode->data = (*source)->data;
  if (torn) {
    inode->data = std::make_shared<std::string>(inode->data->substr(0, inode->data->size() / 2));
  }
  link(*place, std::move(inode));
  if (torn) throw Killed{};
  return {};
}

Status MemFiles::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  const auto cannot_move = [&](int code) {
    return fail_errno("cannot move " + printable(from) + " to " + printable(to), code);
  };
  if (const int code = enter(Call::Rename)) return cannot_move(code);
  const Result<Place> source = resolve("move", from, false);
  const Result<Place> target = resolve("move", to, false);
  if (!source) return cannot_move(source.error().code);
  if (!target) return cannot_move(target.error().code);
  if (!source->inode) return cannot_move(ENOENT);
  if (!source->folder || !target->folder) return cannot_move(EBUSY);
  if (source->inode == target->inode) return {};
  const bool folder = source->inode->kind == FileKind::Folder;
  if (target->inode) {
    const bool onto_folder = target->inode->kind == FileKind::Folder;
    if (folder && !onto_folder) return cannot_move(ENOTDIR);
    if (!folder && onto_folder) return cannot_move(EISDIR);
    if (onto_folder && !target->inode->entries.empty()) return cannot_move(ENOTEMPTY);
  }
  if (folder && is_within(canonical(to).value_or(""), canonical(from).value_or(""))) {
    return cannot_move(EINVAL);
  }
  std::shared_ptr<Inode> moved = source->folder->entries.at(source->name);
  moved->ctime = stamp();
  unlink(*source);
  link(*target, std::move(moved));
  return {};
}

Status MemFiles::symlink(const std::string& target, const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Symlink)) return cannot("create link", path, code);
  const Result<Place> place = resolve("create link", path, false);
  if (!place) return std::unexpected(place.error());
  if (place->inode) return cannot("create link", path, EEXIST);
  auto inode = make_inode(FileKind::Symlink, 0777);
  inode->data = inode->synced = std::make_shared<std::string>(target);
  link(*place, std::move(inode));
  return {};
}

Status MemFiles::chmod(const std::string& path, std::uint32_t mode) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Chmod)) return cannot("change the mode of", path, code);
  const Result<Place> place = resolve("change the mode of", path, true);
  if (!place) return std::unexpected(place.error());
  if (!place->inode) return cannot("change the mode of", path, ENOENT);
  place->inode->mode = mode;
  place->inode->ctime = stamp();
  return {};
}

Status MemFiles::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Remove)) return cannot("remove", path, code);
  const Result<Place> place = resolve("remove", path, false);
  if (!place) {
    if (place.error().code == ENOENT || place.error().code == ENOTDIR) return {};
    return std::unexpected(place.error());
  }
  if (!place->inode) return {};
  if (!place->folder) return cannot("remove", path, EBUSY);
  if (!place->inode->entries.empty()) return cannot("remove", path, ENOTEMPTY);
  stamp();
  unlink(*place);
  return {};
}

Status MemFiles::remove_all(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  bool torn = false;
  if (const int code = enter(Call::RemoveAll, &torn)) return cannot("remove", path, code);
  const Result<Place> place = resolve("remove", path, false);
  if (!place) {
    if (place.error().code == ENOENT || place.error().code == ENOTDIR) return {};
    return std::unexpected(place.error());
  }
  if (!place->inode) return {};
  if (!place->folder) return cannot("remove", path, EBUSY);
  stamp();
  if (torn) {
    auto& entries = place->inode->entries;
    const auto half = static_cast<std::ptrdiff_t>(entries.size() / 2);
    entries.erase(entries.begin(), std::next(entries.begin(), half));
    throw Killed{};
  }
  unlink(*place);
  return {};
}

Result<std::unique_ptr<AppendFile>> MemFiles::append_to(const std::string& path,
                                                        std::uint64_t keep_bytes) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::OpenAppend)) return cannot("open", path, code);
  const Result<Place> place = resolve("open", path, false);
  if (!place) return std::unexpected(place.error());
  if (place->inode && place->inode->kind == FileKind::Symlink) return cannot("open", path, ELOOP);
  if (place->inode && place->inode->kind == FileKind::Folder) return cannot("open", path, EISDIR);
  if (!place->inode) link(*place, make_inode(FileKind::Regular, 0644));
  std::shared_ptr<Inode> inode = place->folder->entries.at(place->name);
  if (inode->data->size() > keep_bytes) {
    inode->data = std::make_shared<std::string>(inode->data->substr(0, keep_bytes));
    inode->mtime = inode->ctime = stamp();
  }
  return std::make_unique<Append>(*this, std::move(inode), path);
}

Status MemFiles::append(Inode& inode, const std::string& path, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  bool torn = false;
  if (const int code = enter(Call::Append, &torn)) return cannot("write", path, code);
  if (inode.data.use_count() > 1) inode.data = std::make_shared<std::string>(*inode.data);
  *inode.data += torn ? bytes.substr(0, bytes.size() / 2) : bytes;
  inode.mtime = inode.ctime = stamp();
  if (torn) throw Killed{};
  return {};
}

Status MemFiles::sync(Inode& inode, const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (const int code = enter(Call::Sync)) return cannot("sync", path, code);
  inode.synced = inode.data;
  return {};
}

}  // namespace devgraph
