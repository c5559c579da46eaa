#pragma once
/// The file that describes a package, out of a wheel or source distribution of anyone.

#include <string>
#include <string_view>

#include "engine/actions/action.h"

namespace devgraph::wheel {

/// Of a wheel `acme-1.dist-info/METADATA`, of a source distribution `acme-1/PKG-INFO`: the first
/// file whose name ends in `suffix` and has one folder before it. The archive is read to its end;
/// of it 16 MiB are kept at most.
Result<std::string> archived_metadata(const actions::Context& context, std::string_view archive,
                                      std::string_view suffix);

}  // namespace devgraph::wheel
