#include "engine/store/log_file.h"

#include <cassert>
#include <random>
#include <utility>

#include "engine/store/bytes.h"

namespace devgraph::store {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameBytes = 12;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kStateMode = 0600;

/// Holds the length and the file's id too: neither a shifted frame nor a page of an older file at
/// the same path passes for an entry.
std::uint64_t check_of(std::string_view payload, std::uint64_t id) {
  return digest_of(payload).low ^ (id + payload.size() * 0x9E3779B97F4A7C15ULL);
}

std::uint64_t random_id() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::string header(std::string_view magic, std::uint64_t id) {
  assert(magic.size() == 8);
  std::string out(magic);
  put_number(out, kVersion);
  put_number(out, std::uint32_t{0});
  put_number(out, id);
  put_number(out, digest_of(out).low);
  return out;
}

void frame(std::string& out, std::string_view payload, std::uint64_t id) {
  put_number(out, static_cast<std::uint32_t>(payload.size()));
  put_number(out, check_of(payload, id));
  out.append(payload);
}

}  // namespace

LogFile LogFile::load(Files& files, std::string path, std::string_view magic) {
  LogFile log;
  log.files_ = &files;
  log.path_ = std::move(path);
  log.magic_ = magic;

  Result<std::string> text = files.read(log.path_);
  if (text) log.loaded_ = std::make_shared<const std::string>(std::move(*text));
  const std::string_view bytes = log.loaded_ ? std::string_view(*log.loaded_) : std::string_view();
  ByteReader head(bytes.substr(0, std::min(bytes.size(), kHeaderBytes)));
  head.take(16);
  const std::uint64_t id = head.number<std::uint64_t>();
  if (bytes.size() < kHeaderBytes || bytes.substr(0, kHeaderBytes) != header(magic, id)) {
    log.id_ = random_id();
    log.damaged_ = !bytes.empty();
    return log;
  }
  log.id_ = id;
  ByteReader reader(bytes.substr(kHeaderBytes));
  log.good_bytes_ = kHeaderBytes;
  while (!reader.at_end()) {
    const std::uint32_t size = reader.number<std::uint32_t>();
    const std::uint64_t check = reader.number<std::uint64_t>();
    const std::string_view payload = reader.take(size);
    if (!reader.ok() || check != check_of(payload, id)) {
      log.damaged_ = true;
      break;
    }
    log.entries_.push_back(payload);
    log.good_bytes_ += kFrameBytes + size;
  }
  return log;
}

std::size_t LogFile::add(std::string payload) {
  added_.push_back(std::move(payload));
  frame(unwritten_, added_.back(), id_);
  entries_.push_back(added_.back());
  return entries_.size() - 1;
}

Status LogFile::open() {
  if (out_) return {};
  Result<std::unique_ptr<AppendFile>> out = files_->append_to(path_, good_bytes_);
  if (!out) return std::unexpected(out.error());
  out_ = std::move(*out);
  if (good_bytes_ == 0) unwritten_.insert(0, header(magic_, id_));
  return {};
}

Status LogFile::flush() {
  if (unwritten_.empty()) return {};
  if (failed_) return std::unexpected(*failed_);
  if (Status opened = open(); !opened) return opened;
  // A failed append may have left half an entry behind. The next load cuts it off; this object must
  // never write behind it, so it stays failed.
  if (Status done = out_->append(unwritten_); !done) {
    failed_ = done.error();
    return done;
  }
  good_bytes_ += unwritten_.size();
  unwritten_.clear();
  return {};
}

Status LogFile::rewrite(const std::vector<std::string_view>& kept) {
  const std::uint64_t id = random_id();
  std::string text = header(magic_, id);
  auto owned = std::make_shared<std::string>();
  for (const std::string_view payload : kept)
    frame(text, payload, id);
  if (Status done = files_->write(path_, text, kStateMode, true); !done) return done;

  // The entries now lie in the new text; views that callers took before are void.
  *owned = std::move(text);
  std::vector<std::string_view> entries;
  entries.reserve(kept.size());
  std::size_t at = kHeaderBytes;
  for (const std::string_view payload : kept) {
    entries.push_back(std::string_view(*owned).substr(at + kFrameBytes, payload.size()));
    at += kFrameBytes + payload.size();
  }
  entries_ = std::move(entries);
  loaded_ = std::move(owned);
  added_.clear();
  unwritten_.clear();
  out_.reset();
  id_ = id;
  good_bytes_ = loaded_->size();
  damaged_ = false;
  return {};
}

}  // namespace devgraph::store
