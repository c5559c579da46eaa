#include "engine/actions/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestKept = std::size_t{64} << 20;
constexpr std::uint64_t kLongestText = std::uint64_t{1} << 20;  // Of a header about a header.

/// A field up to its NUL.
std::string_view text_at(std::string_view header, std::size_t at, std::size_t width) {
  const std::string_view field = header.substr(at, width);
  return field.substr(0, field.find('\0'));
}

/// Octal digits, or GNU's binary form with the highest bit set.
std::optional<std::uint64_t> number_at(std::string_view header, std::size_t at, std::size_t width) {
  std::string_view field = header.substr(at, width);
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    for (const char c : field.substr(field.size() - 8))
      value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  field = trim(text_at(header, at, width));
  if (field.empty()) return 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

bool has_right_sum(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  return number_at(header, 148, 8) == sum;
}

std::string clean(std::string_view path) {
  while (path.starts_with("./"))
    path.remove_prefix(2);
  while (path.ends_with('/') && !path.empty())
    path.remove_suffix(1);
  return std::string(path == "." ? "" : path);
}

template <class Number>
void take_number(std::map<std::string, std::string>& records, const char* key, Number& value) {
  const auto found = records.find(key);
  if (found == records.end()) return;
  std::string_view text = found->second;
  text = text.substr(0, text.find('.'));  // Times may have parts of a second.
  std::from_chars(text.data(), text.data() + text.size(), value);
  records.erase(found);
}

void take_text(std::map<std::string, std::string>& records, const char* key, std::string& value) {
  const auto found = records.find(key);
  if (found == records.end()) return;
  value = found->second;
  records.erase(found);
}

std::unexpected<Error> damaged() {
  return fail("it is no tar archive, or it is damaged");
}

}  // namespace

/// `<length> key=value\n`, one after the other.
Status TarReader::read_records() {
  std::string_view rest = text_;
  while (!rest.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || length > rest.size() || length < digits + 3) return damaged();
    const std::string_view record = rest.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return damaged();
    next_[std::string(record.substr(0, equals))] = record.substr(equals + 1);
    rest.remove_prefix(length);
  }
  return {};
}

Status TarReader::end_of_special() {
  const char special = std::exchange(special_, 0);
  Status done;
  if (special == 'x') {
    done = read_records();
  } else if (special == 'L') {
    next_["path"] = text_.substr(0, text_.find('\0'));
  } else if (special == 'K') {
    next_["linkpath"] = text_.substr(0, text_.find('\0'));
  }
  text_.clear();
  return done;
}

Status TarReader::begin(std::string_view header) {
  if (!has_right_sum(header)) return damaged();
  const auto size = number_at(header, 124, 12);
  const auto mode = number_at(header, 100, 8);
  const auto user = number_at(header, 108, 8);
  const auto group = number_at(header, 116, 8);
  const auto mtime = number_at(header, 136, 12);
  if (!size || !mode || !user || !group || !mtime) return damaged();
  const char type = header[156] == '\0' ? '0' : header[156];
  if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
    if (*size > kLongestText) return damaged();
    special_ = type;
    left_ = *size;
    return left_ == 0 ? end_of_special() : Status();
  }
  TarItem item;
  item.type = type;
  item.path = text_at(header, 0, 100);
  const std::string_view prefix = text_at(header, 345, 155);
  if (header.substr(257, 5) == "ustar" && header[262] == '\0' && !prefix.empty()) {
    item.path = fmt::format("{}/{}", prefix, item.path);
  }
  item.target = text_at(header, 157, 100);
  item.size = *size;
  item.mode = static_cast<std::uint32_t>(*mode & 07777U);
  item.user = *user;
  item.group = *group;
  item.mtime = static_cast<std::int64_t>(*mtime);
  take_text(next_, "path", item.path);
  take_text(next_, "linkpath", item.target);
  take_number(next_, "size", item.size);
  take_number(next_, "uid", item.user);
  take_number(next_, "gid", item.group);
  take_number(next_, "mtime", item.mtime);
  item.path = clean(item.path);
  item.records = std::exchange(next_, {});
  in_file_ = type == '0' || type == '7';
  left_ = in_file_ ? item.size : 0;
  if (in_file_) hash_.reset();
  is_kept_ = in_file_ && keeps_ && keeps_(item);
  items_.push_back(std::move(item));
  if (in_file_ && left_ == 0) items_.back().content = hash_.finish();
  return {};
}

Status TarReader::block(std::string_view block) {
  if (over_) return {};
  if (left_ == 0) {
    over_ = block.find_first_not_of('\0') == std::string_view::npos;
    return over_ ? Status() : begin(block);
  }
  const std::string_view content = block.substr(0, std::min<std::uint64_t>(left_, kBlock));
  left_ -= content.size();
  if (special_ != 0) {
    text_ += content;
    return left_ == 0 ? end_of_special() : Status();
  }
  hash_.bytes(content);
  if (is_kept_ && items_.back().text.size() < kLongestKept) items_.back().text += content;
  if (left_ == 0) items_.back().content = hash_.finish();
  return {};
}

Status TarReader::feed(std::string_view bytes) {
  if (!block_.empty()) {
    const std::size_t missing = std::min(kBlock - block_.size(), bytes.size());
    block_ += bytes.substr(0, missing);
    bytes.remove_prefix(missing);
    if (block_.size() < kBlock) return {};
    if (Status done = block(block_); !done) return done;
    block_.clear();
  }
  for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) {
    if (Status done = block(bytes.substr(0, kBlock)); !done) return done;
  }
  block_ = bytes;
  return {};
}

Result<std::vector<TarItem>> TarReader::finish() {
  if (left_ != 0 || (!over_ && !block_.empty())) return fail("the tar archive is cut off");
  return std::move(items_);
}

}  // namespace devgraph::actions
