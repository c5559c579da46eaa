#pragma once
/// `devgraph.lock`: what names outside of the workspace stand for, and the portable keys of nodes
/// that were fresh. docs/reference/state-formats.md, "The lock file", has the format.

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/graph/asks.h"

namespace devgraph {

inline constexpr std::string_view kLockName = "devgraph.lock";

/// A content as it enters portable keys.
struct PortableContent {
  char mark = ' ';  ///< ' ' a file, '*' one that is executable, '/' a folder, '@' a link.
  Sha256 sha;
  friend bool operator==(const PortableContent&, const PortableContent&) = default;
};

struct LockedNode {
  Sha256 key;
  std::uint64_t does = 0;            ///< Of all but inputs: script, values, environment.
  std::uint64_t reads = 0;           ///< Of the names of its inputs, in any order.
  std::vector<std::uint64_t> asked;  ///< Of each name outside with what it stood for; sorted.
  std::vector<std::pair<std::string, PortableContent>> outputs;  ///< By field.
  std::vector<std::string> found;  ///< Inputs that its command told of; workspace-relative.
  friend bool operator==(const LockedNode&, const LockedNode&) = default;
};

struct LockFile {
  std::map<Ask, std::string> outside;
  std::map<std::string, LockedNode> nodes;         ///< By label.
  std::map<std::string, PortableContent> sources;  ///< What these nodes read; workspace-relative.

  bool empty() const { return outside.empty() && nodes.empty() && sources.empty(); }
  friend bool operator==(const LockFile&, const LockFile&) = default;
};

/// A place of the text that is no line of a lock file.
struct LockFault {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t line = 1;
  std::string message;
  std::string help = {};  ///< May be empty.
};

enum class LockPart : bool { Outside, All };
/// `Outside` looks at no line of nodes or sources: they are most of the file, and a build needs
/// none of them.
std::expected<LockFile, LockFault> parse_lock(std::string_view text, LockPart part = LockPart::All);
/// The text, sorted by bytes; equal lock files have equal texts.
std::string show_lock(const LockFile& lock);

/// The entries of two sides that grew out of one base.
struct LockMerge {
  LockFile merged;
  /// Names outside that both sides moved, each to another value: not in `merged`.
  struct Conflict {
    Ask ask;
    std::string ours;    ///< Empty: dropped there.
    std::string theirs;  ///< Empty: dropped there.
  };
  std::vector<Conflict> conflicts;
  /// Nodes that both sides built anew, each another way: nobody built the merge, so they are not
  /// in it.
  std::vector<std::string> dropped;
};
LockMerge merge_locks(const LockFile& base, const LockFile& ours, const LockFile& theirs);
/// The text with conflicts between git's markers.
std::string show_merge(const LockMerge& merge);

}  // namespace devgraph
