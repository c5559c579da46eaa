#pragma once
/// `devgraph.pins`: files that stand in for what nodes make. docs/reference/state-formats.md,
/// "Pins", has the format.

#include <map>
#include <string>
#include <string_view>

#include "engine/base/files.h"
#include "engine/base/result.h"

namespace devgraph {

inline constexpr std::string_view kPinsName = "devgraph.pins";
/// Where files from outside of the workspace are kept, relative to it.
inline constexpr std::string_view kPinsFolder = ".devgraph/pins";

/// What stands in for one output.
struct PinnedContent {
  std::string path;    ///< Workspace-relative.
  std::string digest;  ///< As `content_digest` had it.
  friend bool operator==(const PinnedContent&, const PinnedContent&) = default;
};
struct Pin {
  std::map<std::string, PinnedContent> outputs;  ///< By field; none: all outputs are empty.
  friend bool operator==(const Pin&, const Pin&) = default;
};
using Pins = std::map<std::string, Pin>;  ///< By label.

/// Error: the line that is none, in words.
Result<Pins> parse_pins(std::string_view text);
/// Sorted by bytes; equal pins have equal texts.
std::string show_pins(const Pins& pins);
/// `./alt.json`; several: `out=./a, data=./b`; or `nothing`.
std::string in_words(const Pin& pin);

/// Of a file `sha256:…`, of a folder `tree:…` with all below it, of an executable file `exec:…`.
Result<std::string> content_digest(Files& files, const std::string& path);

}  // namespace devgraph
