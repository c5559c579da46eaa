#include "engine/graph/pins.h"

#include <fmt/format.h>

#include "engine/base/digest.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/line_words.h"

namespace devgraph {
namespace {

constexpr std::string_view kHead =
    "devgraph pins 1\n# Written by `devgraph pin` and `devgraph unpin`, to be committed or not.\n";
constexpr std::string_view kFirst = "devgraph pins 1";
constexpr std::string_view kEmpty = "empty";

/// `label empty`, or `label field=path digest`; none: it is neither.
bool take_line(std::string_view line, Pins& pins) {
  const std::vector<std::string_view> words = split(line, ' ');
  const std::optional<std::string> label = unline_word(words[0]);
  if (!label || label->empty()) return false;
  if (words.size() == 2 && words[1] == kEmpty) return pins.emplace(*label, Pin()).second;
  if (words.size() != 3) return false;
  const std::size_t equals = words[1].find('=');
  if (equals == words[1].npos) return false;
  const std::optional<std::string> field = unline_word(words[1].substr(0, equals));
  const std::optional<std::string> path = unline_word(words[1].substr(equals + 1));
  const std::optional<std::string> clean = path ? canonical(*path) : std::nullopt;
  if (!field || !clean || clean->empty() || clean->starts_with('/')) return false;
  const PinnedContent content{*clean, std::string(words[2])};
  return pins[*label].outputs.emplace(*field, content).second;
}

Result<Sha256> sha_of(Files& files, const std::string& path) {
  const Result<FileHash> hash = files.hash(path, true);
  if (!hash) return std::unexpected(hash.error());
  return hash->sha.value_or(Sha256());
}

Status add_folder(Files& files, const std::string& path, std::string& listing) {
  const Result<std::vector<FolderEntry>> entries = files.list(path);
  if (!entries) return std::unexpected(entries.error());
  for (const FolderEntry& entry : *entries) {
    const std::string full = join_path(path, entry.name);
    if (entry.kind == FileKind::Folder) {
      listing += fmt::format("/{} {{\n", line_word(entry.name));
      if (Status done = add_folder(files, full, listing); !done) return done;
      listing += "}\n";
      continue;
    }
    if (entry.kind == FileKind::Symlink) {
      const Result<std::string> target = files.read_link(full);
      if (!target) return std::unexpected(target.error());
      listing += fmt::format("@{} {}\n", line_word(entry.name), line_word(*target));
      continue;
    }
    const Result<FileStat> stat = files.lstat(full);
    if (!stat) return std::unexpected(stat.error());
    const Result<Sha256> sha = sha_of(files, full);
    if (!sha) return std::unexpected(sha.error());
    listing +=
        fmt::format("{}{} {}\n", stat->executable ? '*' : ' ', line_word(entry.name), hex(*sha));
  }
  return {};
}

}  // namespace

Result<Pins> parse_pins(std::string_view text) {
  Pins pins;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1 && line != kFirst) return fail(fmt::format("line 1 is not `{}`", kFirst));
    if (number == 1 || line.empty() || line.starts_with('#')) continue;
    if (!take_line(line, pins))
      return fail(fmt::format("line {} is no pin: `{}`", number, printable(line)));
  }
  return pins;
}

std::string show_pins(const Pins& pins) {
  std::string text(kHead);
  for (const auto& [label, pin] : pins) {
    if (pin.outputs.empty()) text += fmt::format("{} {}\n", line_word(label), kEmpty);
    for (const auto& [field, content] : pin.outputs) {
      text += fmt::format("{} {}={} {}\n", line_word(label), line_word(field),
                          line_word(content.path), content.digest);
    }
  }
  return text;
}

std::string in_words(const Pin& pin) {
  if (pin.outputs.empty()) return "nothing";
  if (pin.outputs.size() == 1) return "./" + pin.outputs.begin()->second.path;
  std::string text;
  for (const auto& [field, content] : pin.outputs)
    text += fmt::format("{}{}=./{}", text.empty() ? "" : ", ", field, content.path);
  return text;
}

Result<std::string> content_digest(Files& files, const std::string& path) {
  const Result<FileStat> stat = files.stat(path);
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind == FileKind::Folder) {
    std::string listing;
    if (Status done = add_folder(files, path, listing); !done) return std::unexpected(done.error());
    return "tree:" + hex(sha256_of(listing));
  }
  const Result<Sha256> sha = sha_of(files, path);
  if (!sha) return std::unexpected(sha.error());
  return (stat->executable ? "exec:" : "sha256:") + hex(*sha);
}

}  // namespace devgraph
