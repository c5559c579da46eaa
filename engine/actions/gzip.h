#pragma once
/// gzip whose bytes depend on nothing but the content and the version of zlib.

#include <string_view>

#include "engine/actions/action.h"
#include "engine/actions/stream.h"

namespace devgraph::actions {

inline constexpr int kGzipDense = 9;
/// Three times as fast, and some 2 percent larger.
inline constexpr int kGzipFast = 5;

/// One member, without name and time, from the system "unknown": the same bytes everywhere.
Status gzip(const Context& context, std::string_view bytes, OutStream& out, int level = kGzipDense);

}  // namespace devgraph::actions
