#pragma once
/// zstd whose bytes depend on nothing but the content and the version of the library.

#include <string_view>

#include "engine/actions/action.h"
#include "engine/actions/stream.h"

namespace devgraph::actions {

/// Above it, time doubles for each percent of size.
inline constexpr int kZstdDense = 12;
/// Several times as fast, and some 15 percent larger.
inline constexpr int kZstdFast = 3;

/// One frame with size and checksum, made by one thread.
Status zstd(const Context& context, std::string_view bytes, OutStream& out, int level = kZstdDense);

}  // namespace devgraph::actions
