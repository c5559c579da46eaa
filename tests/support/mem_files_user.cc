/// What a test does to MemFiles as the user: neither counted nor failed.

#include "engine/base/path.h"
#include "tests/support/mem_inode.h"

namespace devgraph {

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

}  // namespace devgraph
