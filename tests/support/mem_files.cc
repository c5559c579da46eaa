#include "tests/support/mem_files.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/text.h"
#include "tests/support/mem_inode.h"

namespace devgraph {
namespace {

constexpr std::uint64_t kDevice = 7;
constexpr int kLinkLimit = 40;

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

}  // namespace

std::unexpected<Error> cannot(const char* verb, const std::string& path, int code) {
  return fail_errno(std::string("cannot ") + verb + " " + printable(path), code);
}

Bytes empty_bytes() {
  static const auto kEmpty = std::make_shared<std::string>();
  return kEmpty;
}

std::shared_ptr<MemFiles::Inode> MemFiles::Inode::copy(const Inode& from, Keep keep) {
  auto out = std::make_shared<Inode>(from);
  if (keep == Keep::Synced && from.kind == FileKind::Regular) out->data = out->synced;
  for (auto& [name, inode] : out->entries)
    inode = copy(*inode, keep);
  return out;
}

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

}  // namespace devgraph
