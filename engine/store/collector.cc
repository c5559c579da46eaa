#include "engine/store/collector.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/base/path.h"
#include "engine/store/digest_map.h"
#include "engine/store/tree.h"

namespace devgraph::store {

Collector::Collector(Files& files, Record& record, Cas& cas)
    : files_(files), record_(record), cas_(cas) {
  const std::lock_guard<std::mutex> lock(cas_.mutex_);
  cas_.load();
  for (const auto& [name, place] : cas_.places_)
    contents_[name] = Content{place.size, true, Use::None};
  find_large();
}

void Collector::find_stray(const std::string& path) {
  const Result<FileStat> stat = files_.lstat(path);
  strays_.push_back(path);
  if (stat) stray_bytes_ += stat->size;
}

/// The files of the CAS: contents by their names, and all else.
void Collector::find_large() {
  const Result<std::vector<FolderEntry>> folders = files_.list(cas_.folder_);
  if (!folders) return;
  for (const FolderEntry& folder : *folders) {
    const std::string path = join_path(cas_.folder_, folder.name);
    if (folder.kind != FileKind::Folder) {
      if (path != cas_.pack_path() && folder.name != "pack.index") find_stray(path);
      continue;
    }
    const Result<std::vector<FolderEntry>> files = files_.list(path);
    if (!files) continue;
    for (const FolderEntry& file : *files) {
      const std::string full = join_path(path, file.name);
      const std::optional<Sha256> name = parse_sha256(folder.name + file.name);
      const bool twice = name && contents_.contains(*name);  // In the pack too, by another limit.
      if (!name || twice || file.kind != FileKind::Regular) {
        find_stray(full);
        continue;
      }
      const Result<FileStat> stat = files_.lstat(full);
      contents_[*name] = Content{stat ? stat->size : 0, false, Use::None};
    }
  }
}

std::vector<Collector::Row> Collector::rows() const {
  const std::vector<std::string_view>& entries = record_.log_.entries();
  std::vector<Row> rows;
  DigestMap later;  // Label -> the entry behind, of the same node.
  for (std::size_t i = entries.size(); i-- > 0;) {
    const auto number = static_cast<std::uint32_t>(i);
    const Record::Entry entry = Record::look(entries[i]);
    if (entry.is_result) {
      const Made made(entries[i]);
      const bool is_last = entry.is_made && record_.last_.get(entry.label) == number;
      const auto end = static_cast<std::uint32_t>(is_last ? entries.size() : i);
      const std::uint32_t used = entry.is_made ? later.get(entry.label).value_or(end) : end;
      rows.push_back({number, used, made, is_last});
    }
    if (entry.is_made || entry.is_gone) later.set(entry.label, number);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.used > b.used; });
  return rows;
}

/// Names of all that its outputs consist of, the files of its trees too.
std::vector<Sha256> Collector::contents_of(const Made& made) const {
  std::vector<Sha256> names;
  for (const MadeOutput& output : made.outputs()) {
    names.push_back(output.sha);
    if (output.kind != MadeKind::Tree) continue;
    const std::optional<std::string> bytes = cas_.get(output.sha);
    const std::optional<TreeManifest> tree = bytes ? decode_tree(*bytes) : std::nullopt;
    if (!tree) continue;
    for (const TreeEntry& entry : tree->entries) {
      if (entry.kind == TreeEntryKind::File) names.push_back(entry.sha);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::uint64_t Collector::cost(const Made& made) const {
  std::uint64_t bytes = 0;
  for (const Sha256& name : contents_of(made)) {
    const auto found = contents_.find(name);
    if (found != contents_.end() && found->second.use == Use::None) bytes += found->second.size;
  }
  return bytes;
}

void Collector::keep(const Made& made) {
  for (const Sha256& name : contents_of(made)) {
    const auto found = contents_.find(name);
    if (found == contents_.end() || found->second.use != Use::None) continue;
    found->second.use = Use::Needed;
    needed_ += found->second.size;
  }
}

std::uint64_t Collector::drop(const Row& row) {
  if (!row.is_last) dropped_.push_back(row.number);
  std::uint64_t bytes = 0;
  for (const Sha256& name : contents_of(row.made)) {
    const auto found = contents_.find(name);
    if (found == contents_.end() || found->second.use != Use::None) continue;
    found->second.use = Use::Dropped;
    bytes += found->second.size;
  }
  return bytes;
}

std::uint64_t Collector::drop_strays() {
  std::uint64_t bytes = stray_bytes_;
  for (auto& [name, content] : contents_) {
    if (content.use != Use::None) continue;
    content.use = Use::Dropped;
    bytes += content.size;
  }
  return bytes;
}

/// What frees room comes first: on a full disk nothing can be written.
Status Collector::apply(Parts& parts) {
  if (Status done = drop_large(); !done) return done;
  if (Status done = drop_results(parts); !done) return done;
  return write_pack_anew();
}

Status Collector::drop_large() {
  for (const std::string& path : strays_) {
    if (Status done = files_.remove_all(path); !done) return done;
  }
  for (const auto& [name, content] : contents_) {
    if (content.packed || content.use != Use::Dropped) continue;
    if (Status done = files_.remove(cas_.file_of(name)); !done) return done;
  }
  return {};
}

Status Collector::drop_results(Parts& parts) {
  if (dropped_.empty()) return {};
  std::sort(dropped_.begin(), dropped_.end());
  const std::vector<std::string_view>& entries = record_.log_.entries();
  std::vector<std::uint32_t> kept;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    if (std::binary_search(dropped_.begin(), dropped_.end(), i)) continue;
    const Record::Entry entry = Record::look(entries[i]);
    if (entry.is_result || entry.is_claim || record_.is_open(entries[i])) kept.push_back(i);
  }
  return record_.keep_only(kept, parts);
}

/// Under a new name, so that the index, which is replaced in one step, is always of its own pack.
Status Collector::write_pack_anew() {
  const bool any = std::any_of(contents_.begin(), contents_.end(), [](const auto& row) {
    return row.second.packed && row.second.use == Use::Dropped;
  });
  if (!any) return {};
  const std::lock_guard<std::mutex> lock(cas_.mutex_);
  std::vector<std::pair<Cas::Place, Sha256>> kept;
  for (const auto& [name, place] : cas_.places_) {
    if (contents_[name].use != Use::Dropped) kept.emplace_back(place, name);
  }
  std::sort(kept.begin(), kept.end(),
            [](const auto& a, const auto& b) { return a.first.offset < b.first.offset; });

  const std::string old_path = cas_.pack_path();
  const Result<std::unique_ptr<MappedFile>> old = files_.map(old_path);
  if (!old) return std::unexpected(old.error());
  ++cas_.generation_;
  Result<std::unique_ptr<AppendFile>> out = files_.append_to(cas_.pack_path(), 0);
  if (!out) return std::unexpected(out.error());
  constexpr std::size_t kBlock = std::size_t{8} << 20;
  std::string block;
  std::uint64_t offset = 0;
  std::deque<std::string> rows{Cas::pack_entry(cas_.generation_)};
  std::unordered_map<Sha256, Cas::Place, Cas::ShaHash> places;
  for (const auto& [place, name] : kept) {
    if (place.offset + place.size > (*old)->bytes().size()) continue;
    block += (*old)->bytes().substr(place.offset, place.size);
    const Cas::Place now{offset, place.size};
    rows.push_back(Cas::stored_entry(name, now));
    places[name] = now;
    offset += place.size;
    if (block.size() < kBlock) continue;
    if (Status done = (*out)->append(block); !done) return done;
    block.clear();
  }
  if (Status done = (*out)->append(block); !done) return done;
  if (Status done = (*out)->sync(); !done) return done;
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  if (Status done = cas_.index_.rewrite(views); !done) return done;
  cas_.places_ = std::move(places);
  cas_.pack_size_ = offset;
  cas_.pack_.reset();
  cas_.mapped_.reset();
  return files_.remove(old_path);
}

}  // namespace devgraph::store
