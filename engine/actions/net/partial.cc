#include "engine/actions/net/partial.h"

#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::net {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::uint32_t kNotesMode = 0600;

std::string notes_of(const std::string& path) {
  return path + ".from";
}

}  // namespace

Partial::Partial(Files& files, std::string path, const Sha256& want, std::string_view label)
    : files_(&files), path_(std::move(path)), want_(want), label_(label) {}

Result<Partial> Partial::open(Files& files, std::string path, const Sha256& want,
                              std::string_view label) {
  Partial partial(files, std::move(path), want, label);
  if (Status done = files.make_folders(std::string(parent_path(partial.path_))); !done) {
    return std::unexpected(done.error());
  }
  partial.read_notes();
  if (partial.source_.is_zero()) return partial;
  const Result<std::unique_ptr<MappedFile>> there = files.map(partial.path_);
  if (!there) {
    partial.source_ = {};
    return partial;
  }
  partial.hash_.bytes((*there)->bytes());
  partial.size_ = (*there)->bytes().size();
  return partial;
}

/// Lines: the label, the SHA-256 of the whole, the digest of the URL, the validator.
void Partial::read_notes() {
  const Result<std::string> text = files_->read(notes_of(path_));
  if (!text) return;
  const std::vector<std::string_view> lines = split(*text, '\n');
  if (lines.size() < 4 || parse_sha256(lines[1]) != want_) return;
  const std::optional<Digest> source = parse_digest(lines[2]);
  if (!source) return;
  source_ = *source;
  validator_ = lines[3];
}

Status Partial::restart(std::string_view url, const std::string& validator) {
  if (Status done = drop(); !done) return done;
  source_ = digest_of(url);
  // A line that a server made up must not become two.
  validator_ = validator.find_first_of("\r\n") == std::string::npos ? validator : std::string();
  return files_->write(
      notes_of(path_),
      fmt::format("{}\n{}\n{}\n{}\n", printable(label_), hex(want_), hex(source_), validator_),
      kNotesMode, false);
}

Status Partial::write(std::string_view bytes) {
  hash_.bytes(bytes);
  size_ += bytes.size();
  buffer_ += bytes;
  return buffer_.size() < kBlock ? Status() : flush();
}

Status Partial::flush() {
  if (!file_) {
    Result<std::unique_ptr<AppendFile>> file = files_->append_to(path_, size_ - buffer_.size());
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
  }
  if (buffer_.empty()) return {};
  const Status done = file_->append(buffer_);
  buffer_.clear();
  return done;
}

Sha256 Partial::finish() {
  return hash_.finish();
}

Status Partial::move_to(const std::string& place) {
  if (Status done = flush(); !done) return done;
  file_.reset();
  Status moved = files_->rename(path_, place);
  if (!moved && moved.error().code == EXDEV) moved = files_->copy(path_, place);
  if (!moved) return moved;
  return drop();
}

Status Partial::drop() {
  file_.reset();
  buffer_.clear();
  size_ = 0;
  hash_ = Sha256Hasher();
  source_ = {};
  validator_.clear();
  if (Status done = files_->remove(notes_of(path_)); !done) return done;
  return files_->remove(path_);
}

}  // namespace devgraph::net
