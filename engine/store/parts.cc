#include "engine/store/parts.h"

#include <utility>

#include "engine/base/path.h"
#include "engine/store/bytes.h"

namespace devgraph::store {
namespace {

constexpr std::uint32_t kStateMode = 0600;

}  // namespace

Parts::Parts(Files& files, const std::string& state_folder)
    : files_(files), path_(join_path(state_folder, "parts")) {}

std::uint64_t Parts::size() {
  if (!sized_) {
    const Result<FileStat> stat = files_.stat(path_);
    size_ = stat ? stat->size : 0;
    sized_ = true;
  }
  return size_;
}

PartsPlace Parts::add(const std::vector<KeyPart>& parts) {
  std::string bytes;
  for (const KeyPart& part : parts) {
    put_text(bytes, part.name);
    put_text(bytes, part.value);
  }
  const PartsPlace place{size(), static_cast<std::uint32_t>(bytes.size()), digest_of(bytes).low};
  size_ += bytes.size();
  unwritten_ += bytes;
  return place;
}

Status Parts::flush() {
  if (unwritten_.empty()) return {};
  if (!out_) {
    Result<std::unique_ptr<AppendFile>> out = files_.append_to(path_, size_ - unwritten_.size());
    if (!out) return std::unexpected(out.error());
    out_ = std::move(*out);
  }
  if (Status done = out_->append(unwritten_); !done) return done;
  unwritten_.clear();
  return {};
}

std::string_view Parts::raw(const PartsPlace& place) const {
  if (!mapped_) {
    Result<std::unique_ptr<MappedFile>> mapped = files_.map(path_);
    if (!mapped) return {};
    mapped_ = std::move(*mapped);
  }
  const std::string_view all = mapped_->bytes();
  if (place.offset > all.size() || place.size > all.size() - place.offset) return {};
  const std::string_view bytes = all.substr(place.offset, place.size);
  return digest_of(bytes).low == place.check ? bytes : std::string_view();
}

std::vector<KeyPart> Parts::read(const PartsPlace& place) const {
  std::vector<KeyPart> parts;
  ByteReader reader(raw(place));
  while (reader.ok() && !reader.at_end()) {
    KeyPart part;
    part.name = reader.text();
    part.value = reader.text();
    if (reader.ok()) parts.push_back(std::move(part));
  }
  return parts;
}

Status Parts::replace(std::string_view bytes) {
  if (Status done = files_.write(path_, bytes, kStateMode, true); !done) return done;
  size_ = bytes.size();
  sized_ = true;
  unwritten_.clear();
  out_.reset();
  mapped_.reset();
  return {};
}

}  // namespace devgraph::store
