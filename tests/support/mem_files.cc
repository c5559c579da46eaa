#include "tests/support/mem_files.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph {
namespace {

constexpr std::uint64_t kDevice = 7;
constexpr int kLinkLimit = 40;

std::unexpected<Error> cannot(const char* verb, const std::string& path, int code) {
  return fail_errno(std::string("cannot ") + verb + " " + printable(path), code);
}

bool means_absent(int code) {
  return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

bool changes_disk(MemFiles::Call call) {
  switch (call) {
    case MemFiles::Call::MakeFolders:
    case MemFiles::Call::Write:
    case MemFiles::Call::Copy:
    case MemFiles::Call::Rename:
    case MemFiles::Call::Symlink:
    case MemFiles::Call::Chmod:
    case MemFiles::Call::Remove:
    case MemFiles::Call::RemoveAll:
    case MemFiles::Call::OpenAppend:
    case MemFiles::Call::Append:
    case MemFiles::Call::Sync:
      return true;
    default:
      return false;
  }
}

class SharedBytes final : public MappedFile {
 public:
  explicit SharedBytes(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return *bytes_; }

 private:
  std::shared_ptr<const std::string> bytes_;
};

/// Contents are shared by clones, and never changed while they are.
using Bytes = std::shared_ptr<std::string>;

Bytes empty_bytes() {
  static const auto kEmpty = std::make_shared<std::string>();
  return kEmpty;
}

}  // namespace

struct MemFiles::Inode {
  FileKind kind = FileKind::Regular;
  std::uint32_t mode = 0;
  std::uint64_t number = 0;
  std::int64_t mtime = 0;
  std::int64_t ctime = 0;
  Bytes data = empty_bytes();                             ///< Of a file; the target of a link.
  Bytes synced = empty_bytes();                           ///< What a power cut leaves.
  std::map<std::string, std::shared_ptr<Inode>> entries;  ///< Of a folder.

  static std::shared_ptr<Inode> copy(const Inode& from, Keep keep);
};

/// A name in a folder, and what it leads to.
struct MemFiles::Place {
  Inode* folder = nullptr;  ///< Null for the root itself.
  std::string name;
  Inode* inode = nullptr;  ///< Null: nothing of that name.
};

std::shared_ptr<MemFiles::Inode> MemFiles::Inode::copy(const Inode& from, Keep keep) {
  auto out = std::make_shared<Inode>(from);
  if (keep == Keep::Synced && from.kind == FileKind::Regular) out->data = out->synced;
  for (auto& [name, inode] : out->entries)
    inode = copy(*inode, keep);
  return out;
}

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

MemFiles::MemFiles() : now_(1'700'000'000'000'000'000) {
  root_ = make_inode(FileKind::Folder, 0755);
}
MemFiles::~MemFiles() = default;

// --- time
// -----------------------------------------------------------------------------------------

std::int64_t MemFiles::now() const {
  const std::scoped_lock lock(mutex_);
  return now_;
}
void MemFiles::set_now(std::int64_t now_ns) {
  const std::scoped_lock lock(mutex_);
  now_ = now_ns;
}
void MemFiles::advance(std::int64_t by_ns) {
  const std::scoped_lock lock(mutex_);
  now_ += by_ns;
}
void MemFiles::set_step(std::int64_t step_ns) {
  const std::scoped_lock lock(mutex_);
  step_ = step_ns;
}
void MemFiles::set_grain(std::int64_t grain_ns) {
  const std::scoped_lock lock(mutex_);
  grain_ = grain_ns;
}

std::int64_t MemFiles::stamp() {
  now_ += step_;
  return now_ - now_ % grain_;
}

// --- faults and counts
// ----------------------------------------------------------------------------

std::uint64_t MemFiles::count(Call call) const {
  const std::scoped_lock lock(mutex_);
  return counts_[static_cast<std::size_t>(call)];
}
std::uint64_t MemFiles::changes() const {
  const std::scoped_lock lock(mutex_);
  return changes_;
}
void MemFiles::reset_counts() {
  const std::scoped_lock lock(mutex_);
  counts_ = {};
  changes_ = 0;
}
void MemFiles::fail_nth(Call call, std::uint64_t nth, int code) {
  const std::scoped_lock lock(mutex_);
  faults_.push_back({.call = call, .left = nth, .code = code});
}
void MemFiles::fail_nth_change(std::uint64_t nth, int code) {
  const std::scoped_lock lock(mutex_);
  faults_.push_back({.call = std::nullopt, .left = nth, .code = code});
}
void MemFiles::fail_from_change(std::uint64_t nth, int code) {
  const std::scoped_lock lock(mutex_);
  faults_.push_back({.call = std::nullopt, .left = nth, .code = code, .lasting = true});
}
void MemFiles::kill_at_change(std::uint64_t nth, bool torn) {
  const std::scoped_lock lock(mutex_);
  faults_.push_back({.call = std::nullopt, .left = nth, .code = 0, .lasting = true, .torn = torn});
}
void MemFiles::clear_faults() {
  const std::scoped_lock lock(mutex_);
  faults_.clear();
}

/// Counts a call; the errno it must fail with, or 0. Throws Killed, unless the call can be torn:
/// then sets *torn, and the caller does half and throws.
int MemFiles::enter(Call call, bool* torn) {
  ++counts_[static_cast<std::size_t>(call)];
  const bool change = changes_disk(call);
  if (change) ++changes_;
  int code = 0;
  for (Fault& fault : faults_) {
    if (fault.call ? *fault.call != call : !change) continue;
    if (fault.left == 0 && !fault.lasting) continue;
    const bool first = fault.left == 1;
    if (fault.left > 0) --fault.left;
    if (fault.left > 0) continue;
    if (fault.code != 0) {
      code = fault.code;
    } else if (fault.torn && torn && first) {
      *torn = true;
    } else {
      throw Killed{};
    }
  }
  return code;
}

std::unique_ptr<MemFiles> MemFiles::clone(Keep keep) const {
  const std::scoped_lock lock(mutex_);
  auto out = std::make_unique<MemFiles>();
  out->root_ = Inode::copy(*root_, keep);
  out->next_inode_ = next_inode_;
  out->now_ = now_;
  out->step_ = step_;
  out->grain_ = grain_;
  return out;
}

// --- the tree
// -------------------------------------------------------------------------------------

std::shared_ptr<MemFiles::Inode> MemFiles::make_inode(FileKind kind, std::uint32_t mode) {
  auto inode = std::make_shared<Inode>();
  inode->kind = kind;
  inode->mode = mode;
  inode->number = next_inode_++;
  inode->mtime = inode->ctime = stamp();
  return inode;
}

FileStat MemFiles::stat_of(const Inode& inode) const {
  FileStat out;
  out.kind = inode.kind;
  out.mode = inode.mode;
  out.executable = inode.kind == FileKind::Regular && (inode.mode & 0100) != 0;
  out.size = inode.kind == FileKind::Folder ? inode.entries.size() : inode.data->size();
  out.device = kDevice;
  out.inode = inode.number;
  out.mtime_ns = inode.mtime;
  out.ctime_ns = inode.ctime;
  return out;
}

/// Walks a path. An absent last component is a Place without an inode; an absent one before it, a
/// file used as a folder and a circle of links are errors.
Result<MemFiles::Place> MemFiles::resolve(const char* verb, const std::string& path,
                                          bool follow) const {
  if (path.empty()) return cannot(verb, path, ENOENT);
  std::vector<std::string> todo;  // Components, the next one last.
  const auto push = [&todo](std::string_view text) {
    const std::vector<std::string_view> parts = split(text, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
      todo.emplace_back(*part);
  };
  push(path);
  std::vector<Inode*> above;  // The folders on the way, for `..`.
  Place at{.folder = nullptr, .name = {}, .inode = root_.get()};
  int links = 0;
  while (!todo.empty()) {
    const std::string name = std::move(todo.back());
    todo.pop_back();
    if (name.empty() || name == ".") continue;
    if (!at.inode) return cannot(verb, path, ENOENT);
    if (at.inode->kind != FileKind::Folder) return cannot(verb, path, ENOTDIR);
    if (name == "..") {
      if (!above.empty()) {
        at = {.folder = nullptr, .name = {}, .inode = above.back()};
        above.pop_back();
      }
      continue;
    }
    Inode* folder = at.inode;
    const auto found = folder->entries.find(name);
    Inode* inode = found == folder->entries.end() ? nullptr : found->second.get();
    const bool last = std::all_of(todo.begin(), todo.end(), [](const std::string& rest) {
      return rest.empty() || rest == ".";
    });
    if (inode && inode->kind == FileKind::Symlink && (follow || !last)) {
      if (++links > kLinkLimit) return cannot(verb, path, ELOOP);
      const std::string& target = *inode->data;
      push(target);
      if (target.starts_with('/')) {
        above.clear();
        at = {.folder = nullptr, .name = {}, .inode = root_.get()};
      }
      continue;
    }
    above.push_back(folder);
    at = {.folder = folder, .name = name, .inode = inode};
  }
  return at;
}

Result<MemFiles::Inode*> MemFiles::regular(const char* verb, const std::string& path) const {
  Result<Place> place = resolve(verb, path, true);
  if (!place) return std::unexpected(std::move(place.error()));
  if (!place->inode) return cannot(verb, path, ENOENT);
  if (place->inode->kind == FileKind::Folder) return cannot(verb, path, EISDIR);
  return place->inode;
}

void MemFiles::link(const Place& place, std::shared_ptr<Inode> inode) {
  place.folder->entries[place.name] = std::move(inode);
  place.folder->mtime = place.folder->ctime = now_ - now_ % grain_;
}

void MemFiles::unlink(const Place& place) {
  place.folder->entries.erase(place.name);
  place.folder->mtime = place.folder->ctime = now_ - now_ % grain_;
}

// --- the user's hand
// ------------------------------------------------------------------------------

/// Where a path leads; parents are made, what is in the way is an error of the test.
MemFiles::Place MemFiles::place_for(const std::string& path) {
  const std::string parent(parent_path(path));
  if (!parent.empty() && parent != "/") {
    const Place above = place_for(parent);
    if (above.folder && !above.inode) link(above, make_inode(FileKind::Folder, 0755));
  }
  return resolve("put", path, true).value();
}

MemFiles::Inode& MemFiles::file_for(const std::string& path) {
  const Place place = place_for(path);
  if (place.inode) return *place.inode;
  auto inode = make_inode(FileKind::Regular, 0644);
  Inode& out = *inode;
  link(place, std::move(inode));
  return out;
}

void MemFiles::put(const std::string& path, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  Inode& inode = file_for(path);
  inode.data = inode.synced = std::make_shared<std::string>(bytes);
  inode.mtime = inode.ctime = stamp();
}

void MemFiles::replace(const std::string& path, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  const Place place = place_for(path);
  auto inode = make_inode(FileKind::Regular, place.inode ? place.inode->mode : 0644);
  inode->data = inode->synced = std::make_shared<std::string>(bytes);
  link(place, std::move(inode));
}

void MemFiles::put_link(const std::string& path, const std::string& target) {
  const std::scoped_lock lock(mutex_);
  place_for(std::string(parent_path(path)) + "/x");
  const Place place = resolve("put", path, false).value();
  auto inode = make_inode(FileKind::Symlink, 0777);
  inode->data = inode->synced = std::make_shared<std::string>(target);
  link(place, std::move(inode));
}

void MemFiles::put_folder(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const Place place = place_for(path);
  if (!place.inode) link(place, make_inode(FileKind::Folder, 0755));
}

void MemFiles::set_mode(const std::string& path, std::uint32_t mode) {
  const std::scoped_lock lock(mutex_);
  Inode& inode = *resolve("chmod", path, true).value().inode;
  inode.mode = mode;
  inode.ctime = stamp();
}

void MemFiles::set_mtime(const std::string& path, std::int64_t mtime_ns) {
  const std::scoped_lock lock(mutex_);
  Inode& inode = *resolve("touch", path, true).value().inode;
  inode.ctime = stamp();
  inode.mtime = mtime_ns;
}

void MemFiles::touch(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  Inode& inode = *resolve("touch", path, true).value().inode;
  inode.mtime = inode.ctime = stamp();
}

void MemFiles::erase(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const Result<Place> place = resolve("erase", path, false);
  stamp();
  if (place && place->inode && place->folder) unlink(*place);
}

std::optional<std::string> MemFiles::get(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const Result<Inode*> inode = regular("read", path);
  if (!inode) return std::nullopt;
  return *(*inode)->data;
}

bool MemFiles::exists(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const Result<Place> place = resolve("stat", path, false);
  return place && place->inode;
}

std::map<std::string, std::string> MemFiles::tree(const std::string& folder) const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::string> out;
  const Result<Place> top = resolve("list", folder, true);
  if (!top || !top->inode) return out;
  std::vector<std::pair<std::string, const Inode*>> todo{{"", top->inode}};
  while (!todo.empty()) {
    const auto [path, inode] = todo.back();
    todo.pop_back();
    if (inode->kind == FileKind::Regular) {
      out[path] = ((inode->mode & 0100) != 0 ? "*" : "") + *inode->data;
    } else if (inode->kind == FileKind::Symlink) {
      out[path] = "-> " + *inode->data;
    } else if (inode->entries.empty() && !path.empty()) {
      out[path] = "/";
    }
    for (const auto& [name, entry] : inode->entries) {
      todo.emplace_back(join_path(path, name), entry.get());
    }
  }
  return out;
}

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
