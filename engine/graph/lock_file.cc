#include "engine/graph/lock_file.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/graph/line_words.h"

namespace devgraph {
namespace {

constexpr std::string_view kHead = "devgraph lock ";
constexpr unsigned kVersion = 1;
constexpr std::string_view kNote =
    "# Written by devgraph, to be committed; `devgraph update` moves entries. For git to merge "
    "it:\n"
    "# git config merge.devgraph.driver \"devgraph lock merge %O %A %B\"\n"
    "# echo \"devgraph.lock merge=devgraph\" >> .gitattributes\n";
constexpr std::size_t kShortDigits = 16;

// --- writing
// --------------------------------------------------------------------------------------

std::string show(const PortableContent& content) {
  const std::string mark = content.mark == ' ' ? "" : std::string(1, content.mark);
  return mark + hex(content.sha);
}

std::string line_of(const Ask& ask, const std::string& value) {
  std::string line = fmt::format("{} {}", word_of(ask.kind), line_word(ask.name));
  if (ask.kind == AskKind::Git) line += " " + line_word(ask.rev);
  return line + " " + line_word(value) + "\n";
}

std::string line_of(const std::string& label, const LockedNode& node) {
  std::string line = fmt::format("node {} {} {:016x} {:016x}", line_word(label), hex(node.key),
                                 node.does, node.reads);
  for (const std::uint64_t asked : node.asked)
    line += fmt::format(" ~{:016x}", asked);
  for (const auto& [field, content] : node.outputs)
    line += fmt::format(" {}={}", line_word(field), show(content));
  for (const std::string& path : node.found)
    line += fmt::format(" +{}", line_word(path));
  return line + "\n";
}

std::vector<std::string> lines_of(const LockFile& lock) {
  std::vector<std::string> lines;
  lines.reserve(lock.outside.size() + lock.nodes.size() + lock.sources.size());
  for (const auto& [ask, value] : lock.outside)
    lines.push_back(line_of(ask, value));
  for (const auto& [label, node] : lock.nodes)
    lines.push_back(line_of(label, node));
  for (const auto& [path, content] : lock.sources)
    lines.push_back(fmt::format("source {} {}\n", line_word(path), show(content)));
  return lines;
}

std::string whole(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string text = fmt::format("{}{}\n{}", kHead, kVersion, kNote);
  for (const std::string& line : lines)
    text += line;
  return text;
}

// --- reading
// --------------------------------------------------------------------------------------

std::optional<std::uint64_t> short_digest(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value, 16);
  if (text.size() != kShortDigits || error != std::errc() || last != end) return std::nullopt;
  return value;
}

std::optional<PortableContent> content_of(std::string_view text) {
  PortableContent content;
  if (!text.empty() && std::string_view("*/@").find(text[0]) != std::string_view::npos) {
    content.mark = text[0];
    text.remove_prefix(1);
  }
  const std::optional<Sha256> sha = parse_sha256(text);
  if (!sha) return std::nullopt;
  content.sha = *sha;
  return content;
}

std::optional<LockedNode> node_of(std::span<const std::string_view> words) {
  if (words.size() < 5) return std::nullopt;
  LockedNode node;
  const std::optional<Sha256> key = parse_sha256(words[2]);
  const std::optional<std::uint64_t> does = short_digest(words[3]);
  const std::optional<std::uint64_t> reads = short_digest(words[4]);
  if (!key || !does || !reads) return std::nullopt;
  node.key = *key;
  node.does = *does;
  node.reads = *reads;
  for (const std::string_view one : words.subspan(5)) {
    if (one.starts_with('~')) {
      const std::optional<std::uint64_t> asked = short_digest(one.substr(1));
      if (!asked) return std::nullopt;
      node.asked.push_back(*asked);
      continue;
    }
    if (one.starts_with('+')) {
      std::optional<std::string> path = unline_word(one.substr(1));
      if (!path || path->empty()) return std::nullopt;
      node.found.push_back(*std::move(path));
      continue;
    }
    const std::size_t equals = one.rfind('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::optional<std::string> field = unline_word(one.substr(0, equals));
    const std::optional<PortableContent> content = content_of(one.substr(equals + 1));
    if (!field || !content) return std::nullopt;
    node.outputs.emplace_back(*std::move(field), *content);
  }
  return node;
}

class Reader {
 public:
  Reader(std::string_view text, LockPart part) : text_(text), part_(part) {}

  std::expected<LockFile, LockFault> read();

 private:
  using Fault = std::optional<LockFault>;
  Fault head(std::string_view line) const;
  Fault line(std::string_view line);
  Fault outside(AskKind kind, std::span<const std::string_view> words);
  LockFault fault(std::string message, std::string help = {}) const {
    return {begin_, end_, number_, std::move(message), std::move(help)};
  }
  LockFault damaged() const {
    return fault("this is no line of a lock file",
                 "delete it; `devgraph lock` writes anew what is missing");
  }
  LockFault twice() const {
    return fault("this name stands in the file twice", "delete one of the two lines");
  }

  std::string_view text_;
  LockPart part_;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::uint32_t number_ = 0;
  LockFile made_;
};

Reader::Fault Reader::head(std::string_view line) const {
  unsigned version = 0;
  const std::string_view digits = line.substr(std::min(kHead.size(), line.size()));
  const char* end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, version);
  if (!line.starts_with(kHead) || error != std::errc() || last != end) {
    return fault("this is no lock file of devgraph",
                 "its first line is `devgraph lock 1`; move this file out of the way");
  }
  if (version != kVersion) {
    return fault(fmt::format("this lock file has the format {}, and this devgraph knows {}",
                             version, kVersion),
                 "a newer devgraph wrote it: use that one");
  }
  return std::nullopt;
}

Reader::Fault Reader::outside(AskKind kind, std::span<const std::string_view> words) {
  const std::size_t count = kind == AskKind::Git ? 4 : 3;
  if (words.size() != count) return damaged();
  std::optional<std::string> name = unline_word(words[1]);
  std::optional<std::string> rev = kind == AskKind::Git ? unline_word(words[2]) : std::string();
  std::optional<std::string> value = unline_word(words.back());
  if (!name || !rev || !value || !is_locked_form(kind, *value)) return damaged();
  const bool is_new =
      made_.outside.emplace(Ask{kind, *std::move(name), *std::move(rev)}, *std::move(value)).second;
  if (!is_new) return twice();
  return std::nullopt;
}

Reader::Fault Reader::line(std::string_view line) {
  if (line.empty() || line.starts_with('#')) return std::nullopt;
  for (const std::string_view mark : {"<<<<<<<", "=======", ">>>>>>>", "|||||||"}) {
    if (line.starts_with(mark)) {
      return fault("a merge has left a conflict here",
                   "delete the marks, and one of two lines with the same name");
    }
  }
  const bool is_derived = line.starts_with("node ") || line.starts_with("source ");
  if (is_derived && part_ == LockPart::Outside) return std::nullopt;
  const std::vector<std::string_view> words = split(line, ' ');
  if (const std::optional<AskKind> kind = ask_kind(words[0])) return outside(*kind, words);
  if (!is_derived) return damaged();
  std::optional<std::string> name = unline_word(words[1]);
  if (!name || name->empty()) return damaged();
  if (words[0] == "node") {
    std::optional<LockedNode> node = node_of(words);
    if (!node) return damaged();
    if (!made_.nodes.emplace(*std::move(name), *std::move(node)).second) return twice();
    return std::nullopt;
  }
  const std::optional<PortableContent> content =
      words.size() == 3 ? content_of(words[2]) : std::nullopt;
  if (!content) return damaged();
  if (!made_.sources.emplace(*std::move(name), *content).second) return twice();
  return std::nullopt;
}

std::expected<LockFile, LockFault> Reader::read() {
  std::size_t at = 0;
  while (at < text_.size() || number_ == 0) {
    const std::size_t newline = std::min(text_.find('\n', at), text_.size());
    std::string_view line = text_.substr(at, newline - at);
    if (line.ends_with('\r')) line.remove_suffix(1);  // git may have changed the line ends.
    ++number_;
    begin_ = static_cast<std::uint32_t>(at);
    end_ = static_cast<std::uint32_t>(at + line.size());
    if (Fault wrong = number_ == 1 ? head(line) : this->line(line)) {
      return std::unexpected(*std::move(wrong));
    }
    at = newline + 1;
  }
  return std::move(made_);
}

// --- merging
// --------------------------------------------------------------------------------------

template <class Map>
std::optional<typename Map::mapped_type> at(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

/// Calls `clash(key, ours, theirs)` where both sides made something else of an entry.
template <class Map, class Clash>
Map merge_maps(const Map& base, const Map& ours, const Map& theirs, Clash clash) {
  Map made;
  Map all = ours;
  all.insert(theirs.begin(), theirs.end());
  for (const auto& [key, any] : all) {
    const auto before = at(base, key);
    const auto mine = at(ours, key);
    const auto other = at(theirs, key);
    if (mine == other || other == before) {
      if (mine) made.emplace(key, *mine);
    } else if (mine == before) {
      if (other) made.emplace(key, *other);
    } else {
      clash(key, mine, other);
    }
  }
  return made;
}

}  // namespace

std::expected<LockFile, LockFault> parse_lock(std::string_view text, LockPart part) {
  return Reader(text, part).read();
}

std::string show_lock(const LockFile& lock) {
  return whole(lines_of(lock));
}

LockMerge merge_locks(const LockFile& base, const LockFile& ours, const LockFile& theirs) {
  LockMerge made;
  made.merged.outside =
      merge_maps(base.outside, ours.outside, theirs.outside,
                 [&](const Ask& ask, const auto& mine, const auto& other) {
                   made.conflicts.push_back({ask, mine.value_or(""), other.value_or("")});
                 });
  made.merged.nodes = merge_maps(
      base.nodes, ours.nodes, theirs.nodes,
      [&](const std::string& label, const auto&, const auto&) { made.dropped.push_back(label); });
  std::map<std::string, PortableContent> both;
  made.merged.sources =
      merge_maps(base.sources, ours.sources, theirs.sources,
                 [&](const std::string& path, const auto& mine, const auto& other) {
                   // The nodes that read it do not hold any more. The line only
                   // says with what they were locked, and one of the two will do.
                   both.emplace(path, mine ? *mine : *other);
                 });
  made.merged.sources.insert(both.begin(), both.end());
  return made;
}

std::string show_merge(const LockMerge& merge) {
  std::vector<std::string> lines = lines_of(merge.merged);
  std::sort(lines.begin(), lines.end());
  std::string text = fmt::format("{}{}\n{}", kHead, kVersion, kNote);
  std::size_t next = 0;
  const auto flush_below = [&](std::string_view limit) {
    while (next < lines.size() && lines[next] < limit)
      text += lines[next++];
  };
  for (const LockMerge::Conflict& one : merge.conflicts) {
    const auto side = [&](const std::string& value) {
      return value.empty() ? std::string() : line_of(one.ask, value);
    };
    const std::string mine = side(one.ours);
    const std::string other = side(one.theirs);
    flush_below(mine.empty() ? other : mine);
    text += fmt::format("<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n", mine, other);
  }
  while (next < lines.size())
    text += lines[next++];
  return text;
}

}  // namespace devgraph
