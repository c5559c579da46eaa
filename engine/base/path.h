#pragma once
/// Paths as bytes: `/` separates, no component is `.` or `..`, relative to the workspace unless
/// said.

#include <optional>
#include <string>
#include <string_view>

namespace devgraph {

/// Removes empty and `.` components. None if a `..` would leave the root, or the path has a NUL.
/// The empty string is the root itself. Idempotent.
std::optional<std::string> canonical(std::string_view path);

/// `a/b` + `c` -> `a/b/c`; either may be empty; an absolute `tail` wins.
std::string join_path(std::string_view head, std::string_view tail);

/// `a/b/c` -> `a/b`, `a` -> ``.
std::string_view parent_path(std::string_view path);
/// `a/b/c` -> `c`.
std::string_view base_name(std::string_view path);

/// True for the folder itself and everything below it. The empty folder holds all relative paths.
bool is_within(std::string_view path, std::string_view folder);

/// `path` as seen from `folder`, when is_within.
std::string_view relative_to(std::string_view path, std::string_view folder);

/// A value as one label component (language reference, "Labels"): bytes other than
/// `A-Z a-z 0-9 . _ + -` and printable UTF-8 become `%XX`; the empty value is `%`.
std::string escape_label_value(std::string_view value);
/// The inverse of escape_label_value; none if a `%` is not followed by two hex digits.
std::optional<std::string> unescape_label_value(std::string_view text);

/// A label value as one file name: like escape_label_value, `.` and `..` escaped too, and cut at
/// 200 bytes with `~` and 16 digits of its XXH3 behind it.
std::string path_component(std::string_view value);

}  // namespace devgraph
