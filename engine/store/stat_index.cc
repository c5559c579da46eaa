#include "engine/store/stat_index.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <random>
#include <utility>

#include "engine/base/path.h"
#include "engine/store/bytes.h"

namespace devgraph::store {
namespace {

constexpr std::string_view kTableMagic = "DGINDEX1";
constexpr std::string_view kLogMagic = "DGINDLOG";
constexpr std::size_t kHeaderBytes = 56;
constexpr std::size_t kRowBytes = 84;
constexpr std::size_t kShaBytes = 32;
constexpr std::uint32_t kNone = 0xFFFFFFFF;
constexpr std::uint32_t kStateMode = 0600;
constexpr std::uint32_t kExecutable = 1U << 31;

std::uint32_t mode_bits(const FileStat& stat) {
  return stat.mode | (static_cast<std::uint32_t>(stat.kind) << 16) |
         (stat.executable ? kExecutable : 0U);
}

void put_known(std::string& out, const Known& known) {
  put_number(out, mode_bits(known.stat));
  put_number(out, known.stat.size);
  put_number(out, known.stat.device);
  put_number(out, known.stat.inode);
  put_number(out, known.stat.mtime_ns);
  put_number(out, known.stat.ctime_ns);
  put_number(out, known.hashed_at);
  put_digest(out, known.content);
}

Known get_known(ByteReader& reader) {
  Known known;
  const std::uint32_t mode = reader.number<std::uint32_t>();
  known.stat.mode = mode & 0xFFFFU;
  known.stat.kind = static_cast<FileKind>((mode >> 16) & 0xFFU);
  known.stat.executable = (mode & kExecutable) != 0;
  known.stat.size = reader.number<std::uint64_t>();
  known.stat.device = reader.number<std::uint64_t>();
  known.stat.inode = reader.number<std::uint64_t>();
  known.stat.mtime_ns = reader.number<std::int64_t>();
  known.stat.ctime_ns = reader.number<std::int64_t>();
  known.hashed_at = reader.number<std::int64_t>();
  known.content = reader.digest();
  return known;
}

std::string log_entry(std::uint64_t table, std::string_view path, const Known& known) {
  std::string entry;
  put_number(entry, table);
  put_known(entry, known);
  put_number(entry, static_cast<std::uint8_t>(known.sha ? 1 : 0));
  if (known.sha) put_sha(entry, *known.sha);
  entry.append(path);
  return entry;
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

/// The parts of a table file, one behind the other.
struct Table {
  std::uint64_t id = 0;
  std::string slots, rows, shas, names;
  std::uint32_t count = 0;

  void add(std::string_view path, const Known& known) {
    put_number(rows, static_cast<std::uint32_t>(names.size()));
    put_number(rows, static_cast<std::uint32_t>(path.size()));
    put_known(rows, known);
    put_number(rows, known.sha ? static_cast<std::uint32_t>(shas.size() / kShaBytes) : kNone);
    put_number(rows, std::uint32_t{0});
    if (known.sha) put_sha(shas, *known.sha);
    names.append(path);
    ++count;
  }

  /// Open addressing over the digest of the path; a power of two, at most half full.
  void make_slots() {
    std::size_t size = 16;
    while (size < std::size_t{count} * 2)
      size *= 2;
    std::vector<std::uint32_t> places(size, kNone);
    for (std::uint32_t row = 0; row < count; ++row) {
      const std::size_t at = row * kRowBytes;
      const std::string_view path(names.data() + u32_at(rows, at), u32_at(rows, at + 4));
      std::size_t slot = digest_of(path).low & (size - 1);
      while (places[slot] != kNone)
        slot = (slot + 1) & (size - 1);
      places[slot] = row;
    }
    slots.assign(reinterpret_cast<const char*>(places.data()), size * sizeof(std::uint32_t));
  }

  std::string bytes() {
    assert(rows.size() == std::size_t{count} * kRowBytes);
    make_slots();
    std::string body = slots + rows + shas + names;
    std::string out(kTableMagic);
    put_number(out, id);
    put_number(out, count);
    put_number(out, static_cast<std::uint32_t>(slots.size() / sizeof(std::uint32_t)));
    put_number(out, static_cast<std::uint32_t>(shas.size() / kShaBytes));
    put_number(out, static_cast<std::uint32_t>(names.size()));
    put_digest(out, digest_of(body));
    put_number(out, digest_of(out).low);
    return out + body;
  }
};

}  // namespace

bool is_trusted(const Known& known, const FileStat& now) {
  if (!(known.stat == now)) return false;
  // Two writes within one tick of the file system's clock carry one time. Linux before multigrain
  // stamps ticks every 4 to 10 ms; file systems whose stamps are whole seconds may tick every two.
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kFineSlack = 20'000'000;
  const bool coarse = now.mtime_ns % kSecond == 0 && now.ctime_ns % kSecond == 0;
  const std::int64_t slack = coarse ? 2 * kSecond : kFineSlack;
  return std::max(now.mtime_ns, now.ctime_ns) < known.hashed_at - slack;
}

StatIndex StatIndex::load(Files& files, const std::string& state_folder) {
  StatIndex index;
  index.files_ = &files;
  index.path_ = join_path(state_folder, "index");
  Result<std::unique_ptr<MappedFile>> mapped = files.map(index.path_);
  if (mapped && index.open_table((*mapped)->bytes())) index.mapped_ = std::move(*mapped);
  index.log_ = LogFile::load(files, index.path_ + ".log", kLogMagic);
  for (const std::string_view entry : index.log_.entries()) {
    ByteReader reader(entry);
    const std::uint64_t table = reader.number<std::uint64_t>();
    Known known = get_known(reader);
    if (reader.number<std::uint8_t>() != 0) known.sha = reader.sha();
    // Entries behind another table are older than this one.
    if (reader.ok() && table == index.table_id_) index.fresh_[std::string(reader.rest())] = known;
  }
  return index;
}

bool StatIndex::open_table(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kTableMagic)) return false;
  ByteReader head(bytes.substr(kTableMagic.size(), kHeaderBytes - kTableMagic.size()));
  const std::uint64_t id = head.number<std::uint64_t>();
  const std::size_t count = head.number<std::uint32_t>();
  const std::size_t slots = head.number<std::uint32_t>();
  const std::size_t shas = head.number<std::uint32_t>();
  const std::size_t names = head.number<std::uint32_t>();
  const Digest sum = head.digest();
  if (head.number<std::uint64_t>() != digest_of(bytes.substr(0, kHeaderBytes - 8)).low)
    return false;
  const std::string_view body = bytes.substr(kHeaderBytes);
  const std::size_t rows_at = slots * sizeof(std::uint32_t);
  const std::size_t shas_at = rows_at + count * kRowBytes;
  const std::size_t names_at = shas_at + shas * kShaBytes;
  if (body.size() != names_at + names || slots < 16 || digest_of(body) != sum) return false;
  slots_ = body.substr(0, rows_at);
  rows_ = body.substr(rows_at, shas_at - rows_at);
  shas_ = body.substr(shas_at, names_at - shas_at);
  names_ = body.substr(names_at);
  table_size_ = count;
  table_id_ = id;
  return true;
}

std::string_view StatIndex::path_of(std::size_t row) const {
  return names_.substr(u32_at(rows_, row * kRowBytes), u32_at(rows_, row * kRowBytes + 4));
}

Known StatIndex::read_row(std::size_t row) const {
  ByteReader reader(rows_.substr(row * kRowBytes + 8, kRowBytes - 8));
  Known known = get_known(reader);
  const std::uint32_t sha = reader.number<std::uint32_t>();
  if (sha != kNone) known.sha = ByteReader(shas_.substr(sha * kShaBytes, kShaBytes)).sha();
  return known;
}

std::optional<Known> StatIndex::find(std::string_view path) const {
  if (!fresh_.empty()) {
    const auto found = fresh_.find(std::string(path));
    if (found != fresh_.end()) return found->second;
  }
  if (table_size_ == 0) return std::nullopt;
  const std::size_t size = slots_.size() / sizeof(std::uint32_t);
  std::size_t slot = digest_of(path).low & (size - 1);
  for (;; slot = (slot + 1) & (size - 1)) {
    const std::uint32_t row = u32_at(slots_, slot * sizeof(std::uint32_t));
    if (row == kNone) return std::nullopt;
    if (path_of(row) == path) return read_row(row);
  }
}

void StatIndex::put(std::string_view path, const Known& known) {
  log_.add(log_entry(table_id_, path, known));
  fresh_[std::string(path)] = known;
}

Status StatIndex::save() {
  if (!log_.has_unwritten()) return {};
  // Behind the table while that is cheap to read back, else a new table: at a quarter the work of
  // rewriting is spread over enough builds, and loading stays a mapping and a short replay.
  if (log_.entries().size() < table_size_ / 4 + 256) return log_.flush();
  return rewrite();
}

Status StatIndex::rewrite() {
  Table table;
  std::random_device device;
  table.id = (static_cast<std::uint64_t>(device()) << 32) | device();
  for (std::size_t row = 0; row < table_size_; ++row) {
    const std::string_view path = path_of(row);
    if (!fresh_.contains(std::string(path))) table.add(path, read_row(row));
  }
  for (const auto& [path, known] : fresh_)
    table.add(path, known);
  if (Status done = files_->write(path_, table.bytes(), kStateMode, false); !done) return done;
  // Entries of the log name the old table, so a crash here loses nothing.
  if (Status done = log_.rewrite({}); !done) return done;
  Result<std::unique_ptr<MappedFile>> mapped = files_->map(path_);
  table_size_ = 0;
  if (mapped && open_table((*mapped)->bytes())) {
    mapped_ = std::move(*mapped);
    fresh_.clear();
  }
  return {};
}

}  // namespace devgraph::store
