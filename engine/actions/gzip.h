#pragma once
/// gzip whose bytes depend on nothing but the content and the version of zlib.

#include <string_view>

#include "engine/actions/action.h"
#include "engine/actions/stream.h"

namespace devgraph::actions {

/// One member, without name and time, from the system "unknown": the same bytes everywhere.
Status gzip(const Context& context, std::string_view bytes, OutStream& out);

}  // namespace devgraph::actions
