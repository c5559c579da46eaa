#pragma once
/// `devgraph fmt`: the one layout of a manifest (language reference, "Formatting").

#include <optional>
#include <string>

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"

namespace devgraph::lang {

/// The formatted text. Comments and meaning stay; formatting twice changes nothing. None (and the
/// faults in `found`) if the text does not parse.
std::optional<std::string> format(const Sources& sources, SourceId source, Diagnostics& found);

}  // namespace devgraph::lang
