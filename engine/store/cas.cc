#include "engine/store/cas.h"

#include <atomic>
#include <cassert>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/store/bytes.h"

namespace devgraph::store {
namespace {

constexpr std::string_view kIndexMagic = "DGCASIDX";
constexpr std::uint8_t kStored = 1;
constexpr std::uint8_t kForgotten = 2;
constexpr std::uint8_t kPack = 3;
constexpr std::uint32_t kBlobMode = 0444;

std::string index_entry(std::uint8_t type, const Sha256& name, std::uint64_t offset,
                        std::uint32_t size) {
  std::string entry(1, static_cast<char>(type));
  put_sha(entry, name);
  put_number(entry, offset);
  put_number(entry, size);
  return entry;
}

/// Without the detour by a temporary file: where nothing is, nobody can see half of it.
Status make_file(Files& files, const std::string& path, std::string_view bytes,
                 std::uint32_t mode) {
  constexpr std::uint32_t kPlain = 0644;
  Result<std::unique_ptr<AppendFile>> file = files.append_to(path, 0);
  if (!file) return std::unexpected(file.error());
  if (Status done = (*file)->append(bytes); !done) return done;
  return mode == kPlain ? Status() : files.chmod(path, mode);
}

}  // namespace

std::size_t Cas::ShaHash::operator()(const Sha256& sha) const {
  std::size_t value = 0;
  std::memcpy(&value, sha.bytes.data(), sizeof(value));
  return value;
}

Cas::Cas(Files& files, const std::string& state_folder)
    : files_(files), folder_(join_path(state_folder, "cas")) {}

void Cas::load() {
  if (loaded_) return;
  loaded_ = true;
  index_ = LogFile::load(files_, folder_ + "/pack.index", kIndexMagic);
  // The first entry says which pack it is about.
  if (!index_.entries().empty()) {
    ByteReader first(index_.entries().front());
    if (first.number<std::uint8_t>() == kPack) generation_ = first.number<std::uint64_t>();
  }
  const Result<FileStat> pack = files_.stat(pack_path());
  pack_size_ = pack ? pack->size : 0;
  for (const std::string_view entry : index_.entries()) {
    ByteReader reader(entry);
    const std::uint8_t type = reader.number<std::uint8_t>();
    if (type == kPack) continue;
    const Sha256 name = reader.sha();
    const Place place{reader.number<std::uint64_t>(), reader.number<std::uint32_t>()};
    if (!reader.ok()) continue;
    if (type == kForgotten) places_.erase(name);
    // A pack that is shorter than its index says was cut by a crash of the machine.
    if (type == kStored && place.offset + place.size <= pack_size_) places_[name] = place;
  }
}

std::string Cas::file_of(const Sha256& name) const {
  const std::string text = hex(name);
  return fmt::format("{}/{}/{}", folder_, text.substr(0, 2), text.substr(2));
}

std::string Cas::pack_path() const {
  return generation_ == 0 ? folder_ + "/pack" : fmt::format("{}/pack.{}", folder_, generation_);
}

std::string Cas::pack_entry(std::uint64_t generation) {
  std::string entry(1, static_cast<char>(kPack));
  put_number(entry, generation);
  return entry;
}

std::string Cas::stored_entry(const Sha256& name, const Place& place) {
  return index_entry(kStored, name, place.offset, place.size);
}

bool Cas::has(const Sha256& name) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    load();
    if (places_.contains(name)) return true;
  }
  const Result<FileStat> stat = files_.lstat(file_of(name));
  return stat && stat->kind == FileKind::Regular;
}

void Cas::add(const Sha256& name, std::string_view bytes) {
  assert(bytes.size() <= kPackedBlob);
  const Place place{pack_size_, static_cast<std::uint32_t>(bytes.size())};
  if (!places_.try_emplace(name, place).second) return;
  unwritten_.append(bytes);
  pack_size_ += bytes.size();
  index_.add(stored_entry(name, place));
}

void Cas::put_small(const Sha256& name, std::string_view bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  load();
  add(name, bytes);
}

Status Cas::put_many(std::span<const Small> blobs, std::string_view bytes) {
  constexpr std::size_t kMuch = std::size_t{8} << 20;
  const std::lock_guard<std::mutex> lock(mutex_);
  load();
  for (const Small& blob : blobs) {
    add(blob.name, bytes.substr(0, blob.size));
    bytes.remove_prefix(blob.size);
  }
  return unwritten_.size() < kMuch ? Status() : write_pack();
}

Status Cas::put_file(const Sha256& name, const std::string& path) {
  const std::string final_path = file_of(name);
  if (const Result<FileStat> there = files_.lstat(final_path); there && there->exists()) return {};
  static std::atomic<std::uint64_t> counter{0};
  const std::string temporary = fmt::format("{}/tmp/{}", folder_, counter++);
  if (Status done = files_.make_folders(folder_ + "/tmp"); !done) return done;
  if (Status done = files_.make_folders(std::string(parent_path(final_path))); !done) return done;
  if (Status done = files_.remove(temporary); !done) return done;
  if (Status done = files_.copy(path, temporary); !done) return done;
  // What was copied must be what was named: the file may have changed in between.
  const Result<FileHash> hash = files_.hash(temporary, true);
  if (!hash) return std::unexpected(hash.error());
  if (hash->sha != name) {
    static_cast<void>(files_.remove(temporary));
    return fail(fmt::format("{} changed while it was stored", path));
  }
  if (Status done = files_.chmod(temporary, kBlobMode); !done) return done;
  return files_.rename(temporary, final_path);
}

Status Cas::put_large(const Sha256& name, std::string_view bytes) {
  const std::string final_path = file_of(name);
  if (const Result<FileStat> there = files_.lstat(final_path); there && there->exists()) return {};
  if (Status done = files_.make_folders(std::string(parent_path(final_path))); !done) return done;
  return files_.write(final_path, bytes, kBlobMode, false);
}

Status Cas::write_pack() {
  if (unwritten_.empty()) return {};
  if (!pack_) {
    if (Status done = files_.make_folders(folder_); !done) return done;
    Result<std::unique_ptr<AppendFile>> pack =
        files_.append_to(pack_path(), pack_size_ - unwritten_.size());
    if (!pack) return std::unexpected(pack.error());
    pack_ = std::move(*pack);
  }
  if (Status done = pack_->append(unwritten_); !done) return done;
  unwritten_.clear();
  mapped_.reset();
  return {};
}

Status Cas::flush() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (Status done = write_pack(); !done) return done;
  if (!index_.has_unwritten()) return {};
  if (Status done = files_.make_folders(folder_); !done) return done;
  return index_.flush();
}

void Cas::forget(const Sha256& name) {
  places_.erase(name);
  index_.add(index_entry(kForgotten, name, 0, 0));
}

bool Cas::find_packed(const Sha256& name, Packed& found) {
  const std::lock_guard<std::mutex> lock(mutex_);
  load();
  const auto row = places_.find(name);
  if (row == places_.end()) return false;
  const Place place = row->second;
  const std::uint64_t written = pack_size_ - unwritten_.size();
  if (place.offset >= written) {
    found.copy = unwritten_.substr(place.offset - written, place.size);
    found.bytes = found.copy;
    return true;
  }
  if (!mapped_ || mapped_->bytes().size() < place.offset + place.size) {
    Result<std::unique_ptr<MappedFile>> mapped = files_.map(pack_path());
    mapped_ = mapped ? std::move(*mapped) : nullptr;
  }
  if (mapped_ && mapped_->bytes().size() >= place.offset + place.size) {
    found.owner = mapped_;
    found.bytes = mapped_->bytes().substr(place.offset, place.size);
  }
  return true;
}

std::optional<std::string> Cas::get(const Sha256& name) {
  Packed packed;
  if (!find_packed(name, packed)) {
    Result<std::string> bytes = files_.read(file_of(name));
    if (!bytes) return std::nullopt;
    if (sha256_of(*bytes) == name) return std::move(*bytes);
    // What cannot be moved is found to be wrong again.
    static_cast<void>(files_.rename(file_of(name), file_of(name) + ".bad"));
    return std::nullopt;
  }
  if (sha256_of(packed.bytes) == name) return std::string(packed.bytes);
  const std::lock_guard<std::mutex> lock(mutex_);
  forget(name);
  return std::nullopt;
}

Result<bool> Cas::restore(const Sha256& name, const std::string& path, std::uint32_t mode) {
  Packed packed;
  if (!find_packed(name, packed)) return restore_file(name, path, mode);
  if (sha256_of(packed.bytes) != name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    forget(name);
    return false;
  }
  if (Status done = make_file(files_, path, packed.bytes, mode); !done) {
    return std::unexpected(done.error());
  }
  return true;
}

Result<bool> Cas::restore_file(const Sha256& name, const std::string& path, std::uint32_t mode) {
  const std::string blob = file_of(name);
  const Result<FileStat> stat = files_.lstat(blob);
  if (!stat || stat->kind != FileKind::Regular) return false;
  if (Status done = files_.remove(path); !done) return std::unexpected(done.error());
  if (Status done = files_.copy(blob, path); !done) return std::unexpected(done.error());
  const Result<FileHash> hash = files_.hash(path, true);
  if (!hash) return std::unexpected(hash.error());
  if (hash->sha != name) {
    // What cannot be moved is found to be wrong again; but wrong bytes must not stay at `path`.
    static_cast<void>(files_.rename(blob, blob + ".bad"));
    if (Status done = files_.remove(path); !done) return std::unexpected(done.error());
    return false;
  }
  if (Status done = files_.chmod(path, mode); !done) return std::unexpected(done.error());
  return true;
}

}  // namespace devgraph::store
