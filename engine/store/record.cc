#include "engine/store/record.h"

#include <algorithm>
#include <cassert>

#include "engine/base/path.h"
#include "engine/store/bytes.h"

namespace devgraph::store {
namespace {

constexpr std::string_view kMagic = "DGRECORD";
constexpr std::uint32_t kNone = 0xFFFFFFFF;
constexpr std::uint8_t kMade = 1;
constexpr std::uint8_t kOwns = 2;
constexpr std::uint8_t kGone = 3;
constexpr std::uint8_t kGiven = 4;

// Offsets in a Made entry; docs/reference/state-formats.md has the table.
constexpr std::size_t kLabelAt = 8;
constexpr std::size_t kKeyAt = 24;
constexpr std::size_t kStaticAt = 40;
constexpr std::size_t kTimeAt = 56;
constexpr std::size_t kOutputsAt = 60;
constexpr std::size_t kDepsAt = 64;
constexpr std::size_t kPartsAt = 68;
constexpr std::size_t kBodyAt = 88;

Digest digest_at(std::string_view payload, std::size_t at) {
  return ByteReader(payload.substr(at)).digest();
}
// Older results are what makes a reverted edit free, so there may be many; the figures keep the
// file, and the time to load it, within a small multiple of what a null build needs.
constexpr std::size_t kOlderPerNode = 4;
constexpr std::size_t kSlack = 4096;

std::uint32_t number_at(std::string_view payload, std::size_t at) {
  return ByteReader(payload.substr(at)).number<std::uint32_t>();
}

MadeOutput read_output(ByteReader& reader) {
  MadeOutput output;
  output.kind = static_cast<MadeKind>(reader.number<std::uint8_t>());
  output.executable = reader.number<std::uint8_t>() != 0;
  output.size = reader.number<std::uint64_t>();
  output.content = reader.digest();
  output.sha = reader.sha();
  output.path = reader.text();
  return output;
}

MadeDep read_dep(ByteReader& reader) {
  const Digest content = reader.digest();
  return MadeDep{reader.text(), content};
}

std::uint8_t type_of(std::string_view entry) {
  return static_cast<std::uint8_t>(entry[0]);
}

/// Made or given: something that is found by its key.
bool is_result(std::string_view entry) {
  return type_of(entry) == kMade || type_of(entry) == kGiven;
}

/// The checksum says that we wrote it; this says that it is whole, so that a view needs no checks.
bool is_sound(std::string_view payload) {
  if (payload.size() < kLabelAt + 16) return false;
  const std::uint8_t type = type_of(payload);
  if (type == kGone || type == kOwns) return true;
  if (!is_result(payload) || payload.size() < kBodyAt) return false;
  ByteReader reader(payload.substr(kBodyAt));
  for (std::uint32_t i = number_at(payload, kOutputsAt); i > 0 && reader.ok(); --i) {
    read_output(reader);
  }
  for (std::uint32_t i = number_at(payload, kDepsAt); i > 0 && reader.ok(); --i)
    read_dep(reader);
  reader.text();
  return reader.ok();
}

void put_place(std::string& out, const PartsPlace& place) {
  put_number(out, place.offset);
  put_number(out, place.size);
  put_number(out, place.check);
}

std::string start_entry(std::uint8_t type, const Digest& label) {
  std::string entry(1, static_cast<char>(type));
  entry.append(kLabelAt - 1, '\0');
  put_digest(entry, label);
  return entry;
}

}  // namespace

Digest Made::label_digest() const {
  return digest_at(payload_, kLabelAt);
}
Digest Made::key() const {
  return digest_at(payload_, kKeyAt);
}
Digest Made::static_key() const {
  return digest_at(payload_, kStaticAt);
}
std::chrono::milliseconds Made::time() const {
  return std::chrono::milliseconds(number_at(payload_, kTimeAt));
}
PartsPlace Made::parts() const {
  ByteReader reader(payload_.substr(kPartsAt));
  const std::uint64_t offset = reader.number<std::uint64_t>();
  const std::uint32_t size = reader.number<std::uint32_t>();
  return PartsPlace{offset, size, reader.number<std::uint64_t>()};
}
std::size_t Made::output_count() const {
  return number_at(payload_, kOutputsAt);
}
std::size_t Made::dep_count() const {
  return number_at(payload_, kDepsAt);
}

MadeOutput Made::output(std::size_t index) const {
  assert(index < output_count());
  ByteReader reader(payload_.substr(kBodyAt));
  MadeOutput output = read_output(reader);
  for (; index > 0; --index)
    output = read_output(reader);
  return output;
}

std::vector<MadeOutput> Made::outputs() const {
  std::vector<MadeOutput> all(output_count());
  ByteReader reader(payload_.substr(kBodyAt));
  for (MadeOutput& output : all)
    output = read_output(reader);
  return all;
}

std::vector<MadeDep> Made::deps() const {
  std::vector<MadeDep> all(dep_count());
  ByteReader reader(payload_.substr(kBodyAt));
  for (std::size_t i = output_count(); i > 0; --i)
    read_output(reader);
  for (MadeDep& dep : all)
    dep = read_dep(reader);
  return all;
}

std::string_view Made::label() const {
  ByteReader reader(payload_.substr(kBodyAt));
  for (std::size_t i = output_count(); i > 0; --i)
    read_output(reader);
  for (std::size_t i = dep_count(); i > 0; --i)
    read_dep(reader);
  return reader.text();
}

Record Record::load(Files& files, const std::string& state_folder) {
  Record record;
  record.log_ = LogFile::load(files, join_path(state_folder, "record"), kMagic);
  record.index_all();
  return record;
}

void Record::index_all() {
  last_ = DigestMap();
  last_.reserve(log_.entries().size());
  keys_indexed_ = false;
  paths_indexed_ = false;
  for (std::size_t i = 0; i < log_.entries().size(); ++i) {
    if (is_sound(log_.entries()[i])) index_entry(i);
  }
}

void Record::index_entry(std::size_t number) {
  const std::string_view payload = log_.entries()[number];
  const Digest label = digest_at(payload, kLabelAt);
  const std::uint8_t type = type_of(payload);
  if (type == kMade) last_.set(label, static_cast<std::uint32_t>(number));
  if (type == kGone) last_.erase(label);
}

std::optional<Made> Record::last(const Digest& label) const {
  const std::optional<std::uint32_t> number = last_.get(label);
  if (!number) return std::nullopt;
  return Made(log_.entries()[*number]);
}

std::vector<Made> Record::all_last() const {
  std::vector<Made> all;
  last_.for_each(
      [&](const Digest&, std::uint32_t number) { all.emplace_back(log_.entries()[number]); });
  return all;
}

std::vector<Made> Record::with_static_key(const Digest& static_key) {
  const std::vector<std::string_view>& entries = log_.entries();
  if (!keys_indexed_) {
    by_static_key_ = DigestMap();
    by_static_key_.reserve(entries.size());
    older_.clear();
    keys_indexed_ = true;
  }
  // Entries added since the last question are indexed now, so that adding stays cheap.
  for (std::size_t i = older_.size(); i < entries.size(); ++i) {
    older_.push_back(kNone);
    if (!is_sound(entries[i]) || !is_result(entries[i])) continue;
    const Digest key = digest_at(entries[i], kStaticAt);
    older_[i] = by_static_key_.set(key, static_cast<std::uint32_t>(i)).value_or(kNone);
  }
  std::vector<Made> found;
  std::uint32_t number = by_static_key_.get(static_key).value_or(kNone);
  for (; number != kNone; number = older_[number])
    found.emplace_back(entries[number]);
  return found;
}

void Record::index_paths() {
  paths_indexed_ = true;
  paths_.clear();
  for (const Made& made : all_last()) {
    for (const MadeOutput& output : made.outputs())
      paths_.push_back(digest_of(output.path));
  }
  claims_.clear();
  // A claim is void once its node has a result, which names its paths itself, or is gone: what
  // stands there from then on is the user's.
  DigestMap ended;
  const std::vector<std::string_view>& entries = log_.entries();
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (!is_sound(entries[i])) continue;
    const Digest label = digest_at(entries[i], kLabelAt);
    if (type_of(entries[i]) != kOwns) {
      ended.set(label, 0);
      continue;
    }
    ByteReader reader(entries[i].substr(kLabelAt + 16));
    while (reader.ok() && !reader.at_end()) {
      claims_.push_back(digest_of(reader.text()));
      if (!ended.get(label)) paths_.push_back(claims_.back());
    }
  }
  std::sort(claims_.begin(), claims_.end());
  std::sort(paths_.begin(), paths_.end());
}

bool Record::owns(std::string_view path) {
  if (!paths_indexed_) index_paths();
  return std::binary_search(paths_.begin(), paths_.end(), digest_of(path));
}

bool Record::has_owned(std::string_view path) {
  return owns(path) || std::binary_search(claims_.begin(), claims_.end(), digest_of(path));
}

namespace {

std::string result_entry(std::uint8_t type, const MadeNow& made) {
  std::string entry = start_entry(type, digest_of(made.label));
  put_digest(entry, made.key);
  put_digest(entry, made.static_key);
  const auto time = std::clamp<std::int64_t>(made.time.count(), 0, 0xFFFFFFFE);
  put_number(entry, static_cast<std::uint32_t>(time));
  put_number(entry, static_cast<std::uint32_t>(made.outputs.size()));
  put_number(entry, static_cast<std::uint32_t>(made.deps.size()));
  put_place(entry, made.parts);
  for (const MadeOutput& output : made.outputs) {
    put_number(entry, static_cast<std::uint8_t>(output.kind));
    put_number(entry, static_cast<std::uint8_t>(output.executable ? 1 : 0));
    put_number(entry, output.size);
    put_digest(entry, output.content);
    put_sha(entry, output.sha);
    put_text(entry, output.path);
  }
  for (const MadeDep& dep : made.deps) {
    put_digest(entry, dep.content);
    put_text(entry, dep.path);
  }
  put_text(entry, made.label);
  return entry;
}

}  // namespace

void Record::add_made(const MadeNow& made) {
  index_entry(log_.add(result_entry(kMade, made)));
  paths_indexed_ = false;
}

void Record::add_given(const MadeNow& made) {
  log_.add(result_entry(kGiven, made));
  paths_indexed_ = false;
}

void Record::add_owns(std::string_view label, const std::vector<std::string_view>& paths) {
  std::string entry = start_entry(kOwns, digest_of(label));
  for (const std::string_view path : paths)
    put_text(entry, path);
  log_.add(std::move(entry));
  paths_indexed_ = false;
}

void Record::add_gone(const Digest& label) {
  index_entry(log_.add(start_entry(kGone, label)));
  paths_indexed_ = false;
}

Record::Entry Record::look(std::string_view entry) {
  if (!is_sound(entry)) return {};
  const std::uint8_t type = type_of(entry);
  return {digest_at(entry, kLabelAt), is_result(entry), type == kMade, type == kOwns,
          type == kGone};
}

/// A claim on paths is void once its node has a result, which names them itself; that a node is
/// gone matters as long as it has not come back.
bool Record::is_open(std::string_view entry) const {
  return is_sound(entry) && !is_result(entry) && !last_.get(digest_at(entry, kLabelAt));
}

std::vector<std::uint32_t> Record::worth_keeping() const {
  const std::vector<std::string_view>& entries = log_.entries();
  std::vector<std::uint8_t> newest(entries.size(), 0);
  std::size_t live = 0;
  last_.for_each([&](const Digest&, std::uint32_t number) {
    newest[number] = 1;
    ++live;
  });
  std::vector<std::uint32_t> kept;
  std::size_t room = live * kOlderPerNode + kSlack / 2;
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (!is_sound(entries[i])) continue;
    const bool made = is_result(entries[i]);
    const bool open = is_open(entries[i]);
    const bool older = made && newest[i] == 0 && room > 0;
    if (newest[i] == 0 && !open && !older) continue;
    if (older) --room;
    kept.push_back(static_cast<std::uint32_t>(i));
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

Status Record::compact_if_worth(Parts& parts) {
  const std::vector<std::string_view>& entries = log_.entries();
  if (entries.size() <= last_count() * (kOlderPerNode + 2) + kSlack) return {};
  return keep_only(worth_keeping(), parts);
}

Status Record::keep_only(const std::vector<std::uint32_t>& numbers, Parts& parts) {
  // The new parts first: until the record is replaced too, its places fail their check, and all
  // that is lost is what `why` would have said.
  const std::vector<std::string_view>& entries = log_.entries();
  std::string bytes;
  std::deque<std::string> rewritten;
  std::vector<std::string_view> kept;
  for (const std::uint32_t number : numbers) {
    const std::string_view entry = entries[number];
    if (!is_result(entry)) {
      kept.push_back(entry);
      continue;
    }
    const PartsPlace old = Made(entry).parts();
    const std::string_view raw = parts.raw(old);
    const PartsPlace place{bytes.size(), static_cast<std::uint32_t>(raw.size()), old.check};
    bytes += raw;
    std::string text(entry.substr(0, kPartsAt));
    put_place(text, place);
    rewritten.push_back(text.append(entry.substr(kBodyAt)));
    kept.push_back(rewritten.back());
  }
  if (Status done = parts.replace(bytes); !done) return done;
  if (Status done = log_.rewrite(kept); !done) return done;
  index_all();
  return {};
}

}  // namespace devgraph::store
