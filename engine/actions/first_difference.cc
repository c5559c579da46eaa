#include "engine/actions/first_difference.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/actions/oci/layer.h"
#include "engine/actions/oci/layout.h"
#include "engine/actions/tar_reader.h"
#include "engine/actions/zip_items.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;  // Of what is held in memory.
constexpr std::size_t kShown = 60;                          // Of a line.

/// An archive's entries, and the bytes below its compression.
struct Opened {
  std::string bytes;  ///< Only where it is compressed.
  bool is_compressed = false;
  std::optional<std::vector<TarItem>> items;
};

Opened opened(std::string_view bytes) {
  Opened made;
  if (bytes.starts_with("PK\x03\x04")) {
    if (Result<std::vector<TarItem>> items = zip_items(bytes)) made.items = std::move(*items);
    return made;
  }
  const std::string_view type = oci::archive_type(bytes);
  made.is_compressed = type != oci::kTarType;
  if (made.is_compressed) {
    const Status done = oci::decompress(bytes, kLargest, [&](std::string_view block) -> Status {
      made.bytes += block;
      return {};
    });
    if (!done) return {};
  }
  TarReader reader;
  if (!reader.feed(made.is_compressed ? std::string_view(made.bytes) : bytes)) return made;
  Result<std::vector<TarItem>> items = reader.finish();
  if (items && !items->empty()) made.items = std::move(*items);
  return made;
}

std::string quoted(std::string_view line) {
  return fmt::format("\"{}{}\"", printable(line.substr(0, kShown)),
                     line.size() > kShown ? "…" : "");
}

std::string of_bytes(std::string_view a, std::string_view b) {
  const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto offset = static_cast<std::size_t>(at.first - a.begin());
  if (!is_valid_utf8(a) || !is_valid_utf8(b)) return fmt::format("byte {}", offset);
  const auto line = 1 + std::count(a.begin(), at.first, '\n');
  const auto line_of = [offset](std::string_view text) {
    const std::size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    return text.substr(begin, text.find('\n', offset) - begin);
  };
  return fmt::format("line {}: {} -> {}", line, quoted(line_of(a)), quoted(line_of(b)));
}

/// Entries in their order; empty if all are equal.
std::string of_items(const std::vector<TarItem>& a, const std::vector<TarItem>& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i >= a.size()) return fmt::format("entry {} is only in the second", printable(b[i].path));
    if (i >= b.size()) return fmt::format("entry {} is only in the first", printable(a[i].path));
    if (a[i].path != b[i].path) {
      return fmt::format("entry {}: {} -> {}", i + 1, printable(a[i].path), printable(b[i].path));
    }
    const std::string what = changes(a[i], b[i]);
    if (!what.empty()) return fmt::format("entry {}: {}", printable(a[i].path), what);
  }
  return {};
}

std::string of_contents(std::string_view a, std::string_view b) {
  if (a == b) return {};
  const Opened first = opened(a);
  const Opened second = opened(b);
  if (first.items && second.items) {
    std::string words = of_items(*first.items, *second.items);
    return words.empty() ? "equal entries, packed in another way" : words;
  }
  if (first.is_compressed && second.is_compressed) {
    return first.bytes == second.bytes ? "equal content, compressed in another way"
                                       : "unpacked, " + of_bytes(first.bytes, second.bytes);
  }
  return of_bytes(a, b);
}

std::string of_files(Files& files, const std::string& a, const std::string& b) {
  const Result<std::unique_ptr<MappedFile>> first = files.map(a);
  const Result<std::unique_ptr<MappedFile>> second = files.map(b);
  if (!first || !second) return {};
  const Result<FileStat> one = files.stat(a);
  const Result<FileStat> other = files.stat(b);
  std::string words = of_contents((*first)->bytes(), (*second)->bytes());
  if (words.empty() && one && other && one->executable != other->executable)
    words = one->executable ? "executable -> not" : "not executable -> executable";
  return words;
}

std::string of_layouts(Files& files, const std::string& a, const std::string& b) {
  const Result<oci::Layout> first = oci::Layout::open(files, a);
  const Result<oci::Layout> second = oci::Layout::open(files, b);
  if (!first || !second) return {};
  const Result<std::vector<oci::FoundImage>> ones = oci::images_of(*first);
  const Result<std::vector<oci::FoundImage>> others = oci::images_of(*second);
  if (!ones || !others) return {};
  if (ones->size() != others->size())
    return fmt::format("{} images -> {}", ones->size(), others->size());
  for (std::size_t i = 0; i < ones->size(); ++i) {
    const auto& before = (*ones)[i].manifest.layers;
    const auto& after = (*others)[i].manifest.layers;
    if (before.size() != after.size())
      return fmt::format("{} layers -> {}", before.size(), after.size());
    for (std::size_t layer = 0; layer < before.size(); ++layer) {
      if (before[layer].digest == after[layer].digest) continue;
      return fmt::format(
          "layer {} of {}: {}", layer + 1, before.size(),
          of_files(files, first->blob(before[layer].digest), second->blob(after[layer].digest)));
    }
    if ((*ones)[i].config != (*others)[i].config)
      return "the configuration: " + of_bytes((*ones)[i].config, (*others)[i].config);
  }
  return {};
}

std::string of_folders(Files& files, const std::string& a, const std::string& b);

/// Two entries of one name.
std::string of_entries(Files& files, const FolderEntry& one, const FolderEntry& other,
                       const std::string& a, const std::string& b) {
  const std::string name = printable(one.name);
  if (one.kind != other.kind) return name + ": of another kind";
  std::string words;
  if (one.kind == FileKind::Folder) {
    words = of_folders(files, a, b);
    return words.empty() ? words : name + '/' + words;
  }
  if (one.kind == FileKind::Symlink) {
    const Result<std::string> first = files.read_link(a);
    const Result<std::string> second = files.read_link(b);
    if (first && second && *first != *second)
      words = fmt::format("target {} -> {}", printable(*first), printable(*second));
  } else {
    words = of_files(files, a, b);
  }
  return words.empty() ? words : name + ": " + words;
}

std::string of_folders(Files& files, const std::string& a, const std::string& b) {
  const Result<FileStat> mark = files.stat(join_path(a, "oci-layout"));
  if (mark && mark->exists()) {
    if (std::string words = of_layouts(files, a, b); !words.empty()) return words;
  }
  const Result<std::vector<FolderEntry>> first = files.list(a);
  const Result<std::vector<FolderEntry>> second = files.list(b);
  if (!first || !second) return {};
  auto one = first->begin();
  auto other = second->begin();
  while (one != first->end() || other != second->end()) {
    if (other == second->end() || (one != first->end() && one->name < other->name))
      return fmt::format("{} is only in the first", printable(one->name));
    if (one == first->end() || other->name < one->name)
      return fmt::format("{} is only in the second", printable(other->name));
    std::string words =
        of_entries(files, *one, *other, join_path(a, one->name), join_path(b, other->name));
    if (!words.empty()) return words;
    ++one;
    ++other;
  }
  return {};
}

}  // namespace

std::string first_difference(Files& files, const std::string& a, const std::string& b) {
  const Result<FileStat> first = files.stat(a);
  const Result<FileStat> second = files.stat(b);
  if (!first || !second || first->kind != second->kind) return {};
  return first->kind == FileKind::Folder ? of_folders(files, a, b) : of_files(files, a, b);
}

}  // namespace devgraph::actions
