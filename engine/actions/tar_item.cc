#include <fmt/format.h>

#include "engine/actions/tar_reader.h"
#include "engine/base/text.h"

namespace devgraph::actions {

std::string_view type_words(char type) {
  switch (type) {
    case '0':
    case '7':
      return "file";
    case '1':
      return "hard link";
    case '2':
      return "link";
    case '5':
      return "folder";
    default:
      return "special file";
  }
}

std::string changes(const TarItem& a, const TarItem& b) {
  if (a.type != b.type) return fmt::format("{} -> {}", type_words(a.type), type_words(b.type));
  std::string words;
  const auto add = [&](const std::string& text) { words += (words.empty() ? "" : ", ") + text; };
  if (a.content != b.content || a.size != b.size) {
    add(a.size == b.size
            ? "content"
            : fmt::format("content, {} -> {}", human_size(a.size), human_size(b.size)));
  }
  if (a.target != b.target) {
    add(fmt::format("target {} -> {}", printable(a.target), printable(b.target)));
  }
  if (a.mode != b.mode) add(fmt::format("mode {:o} -> {:o}", a.mode, b.mode));
  if (a.user != b.user || a.group != b.group) {
    add(fmt::format("owner {}:{} -> {}:{}", a.user, a.group, b.user, b.group));
  }
  if (a.mtime != b.mtime) add(fmt::format("time {} -> {}", a.mtime, b.mtime));
  if (a.records != b.records) add("extended attributes");
  return words;
}

}  // namespace devgraph::actions
