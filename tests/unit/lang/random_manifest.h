#pragma once
/// Manifests made by chance from the whole grammar, with comments and blanks wherever they may
/// stand.

#include <cstdint>
#include <string>

namespace devgraph::lang {

/// The same seed gives the same text. All of them parse.
std::string random_manifest(std::uint64_t seed);

}  // namespace devgraph::lang
