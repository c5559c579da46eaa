#include "engine/actions/stream.h"

namespace devgraph::actions {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

}  // namespace

Result<OutStream> OutStream::create(Files& files, const std::string& path) {
  Result<std::unique_ptr<AppendFile>> file = files.append_to(path, 0);
  if (!file) return std::unexpected(file.error());
  return OutStream(std::move(*file));
}

Status OutStream::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() < kBlock) {
    buffer_ += bytes;
    return {};
  }
  if (const Status done = finish(); !done) return done;
  if (bytes.size() >= kBlock) return file_->append(bytes);
  buffer_ = bytes;
  return {};
}

Status OutStream::finish() {
  if (buffer_.empty()) return {};
  const Status done = file_->append(buffer_);
  buffer_.clear();
  return done;
}

}  // namespace devgraph::actions
