#pragma once
/// The standard library's manifests, as they stood when devgraph was built.

#include <span>
#include <string_view>

namespace devgraph::stdlib {

struct File {
  std::string_view name;  ///< `files.devgraph`
  std::string_view text;
};

std::span<const File> files();

}  // namespace devgraph::stdlib
