#include "engine/base/source.h"

#include <algorithm>

#include "engine/base/ids.h"

namespace devgraph {

SourceId Sources::add(std::string name, std::string text) {
  Entry entry{.name = std::move(name), .text = std::move(text), .line_starts = {0}};
  for (std::size_t i = 0; i < entry.text.size(); ++i) {
    if (entry.text[i] == '\n') entry.line_starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  const std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
  return SourceId(static_cast<std::uint32_t>(entries_.size() - 1));
}

const Sources::Entry& Sources::entry(SourceId id) const {
  const std::lock_guard lock(mutex_);
  return entries_.at(index_of(id));
}

std::string_view Sources::name(SourceId id) const {
  return entry(id).name;
}
std::string_view Sources::text(SourceId id) const {
  return entry(id).text;
}

Position Sources::position(SourceId id, std::uint32_t offset) const {
  const Entry& source = entry(id);
  offset = std::min(offset, static_cast<std::uint32_t>(source.text.size()));
  const auto next = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(next - source.line_starts.begin());
  std::uint32_t column = 1;
  for (std::uint32_t i = *(next - 1); i < offset; ++i) {
    const bool continues = (static_cast<unsigned char>(source.text[i]) & 0xC0) == 0x80;
    if (!continues) ++column;
  }
  return {line, column};
}

std::string_view Sources::line_at(SourceId id, std::uint32_t offset) const {
  const Entry& source = entry(id);
  const Position place = position(id, offset);
  const std::uint32_t begin = source.line_starts[place.line - 1];
  std::string_view line = std::string_view(source.text).substr(begin);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace devgraph
