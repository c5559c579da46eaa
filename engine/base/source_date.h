#pragma once
/// The time that everything made here bears, in place of the time when it was made: the start of
/// 1980, the earliest that zip can hold and tar does not warn of.

#include <cstdint>

namespace devgraph {

/// Seconds since 1970-01-01 UTC, as in SOURCE_DATE_EPOCH (reproducible-builds.org).
inline constexpr std::int64_t kSourceDate = 315532800;
inline constexpr const char* kSourceDateText = "1980-01-01T00:00:00Z";  ///< RFC 3339.

}  // namespace devgraph
