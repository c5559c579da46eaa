#pragma once
/// What is in a zip, in the order of the archive.

#include <string_view>
#include <vector>

#include "engine/actions/tar_reader.h"

namespace devgraph::actions {

/// Names, modes, times and contents of files; folders have no content.
Result<std::vector<TarItem>> zip_items(std::string_view archive);

}  // namespace devgraph::actions
