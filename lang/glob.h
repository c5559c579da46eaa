#pragma once
/// Globs of the language (language reference, "Labels and paths"): `*` and `?` within a component,
/// `**` for any number of folders. `\` makes the next byte stand for itself.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"

namespace devgraph::lang {

/// The text with `\` before every byte that a glob would read as a wildcard.
std::string glob_quote(std::string_view text);
/// The inverse for a pattern without wildcards.
std::string glob_unquote(std::string_view pattern);
bool has_wildcard(std::string_view pattern);
/// The components before the first one with a wildcard, unquoted, joined.
std::string glob_fixed_part(std::string_view pattern);
/// One component against one name.
bool match_component(std::string_view pattern, std::string_view name);
/// A whole path; `**` is a component of its own.
bool match_path(std::string_view pattern, std::string_view path);

/// What a walk asks of its surroundings. Paths are workspace-relative.
struct GlobWorld {
  /// The entries of a folder; empty if there is none.
  std::function<const std::vector<FolderEntry>&(const std::string& folder)> list;
  /// The kind behind a link.
  std::function<FileKind(const std::string& path)> follow;
  /// False for folders that no wildcard enters and files that no wildcard matches.
  std::function<bool(const std::string& path, bool is_folder)> admits;
};

struct GlobResult {
  std::vector<std::string> files;    ///< Sorted by bytes, each once.
  std::vector<std::string> refused;  ///< Fifos, sockets, devices that the pattern matched.
};

GlobResult walk_glob(const GlobWorld& world, std::string_view pattern);

}  // namespace devgraph::lang
