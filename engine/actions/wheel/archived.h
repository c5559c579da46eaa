#pragma once
/// The file that describes a package, out of a wheel or source distribution of anyone.

#include <functional>
#include <string>
#include <string_view>

#include "engine/actions/action.h"
#include "engine/actions/wheel/distribution.h"

namespace devgraph::wheel {

/// Of a wheel `acme-1.dist-info/METADATA`, of a source distribution `acme-1/PKG-INFO`: the first
/// file whose name ends in `suffix` and has one folder before it. The archive is read to its end;
/// of it 16 MiB are kept at most.
Result<std::string> archived_metadata(const actions::Context& context, std::string_view archive,
                                      std::string_view suffix);

/// METADATA of a wheel, PKG-INFO of a source distribution, which must be about what the name of the
/// file says.
Result<std::string> package_metadata(const actions::Context& context, std::string_view bytes,
                                     std::string_view file, const FileName& name);

/// A file of a wheel: its name, whether it may be executed, its bytes.
using Visit = std::function<Status(const std::string&, bool, const std::string&)>;
/// Every file of a wheel, in the order of the archive. Refuses links, what is encrypted or damaged,
/// and what is far larger than its archive. Names are not checked.
Status visit_wheel(const actions::Context& context, std::string_view archive, const Visit& visit);

}  // namespace devgraph::wheel
