#pragma once
/// What is read beside the workspace itself, and looks at the world in words.

#include <string>

#include "engine/graph/graph.h"

namespace devgraph::lang {

/// The recorded name of the standard library among the manifests.
inline constexpr std::string_view kStdManifest = "<std>";
/// Digest of the standard library of this program.
Digest std_digest();

/// `./a/**: a file was added or removed`.
std::string changed_words(ReadOp op, std::string_view arg);

}  // namespace devgraph::lang
