#pragma once
/// A dependency of a package: `httpx[http2]>=0.24; python_version < "3.12"` (PEP 508).

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/wheel/specifier.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

/// A condition on the environment, in canonical spelling.
struct Marker {
  std::string text;     ///< Empty: always.
  bool has_or = false;  ///< At its top, so it needs brackets beside an `and`.
};
Result<Marker> parse_marker(std::string_view text);

/// The variables of an environment, but for `extra`.
using MarkerValues = std::map<std::string, std::string, std::less<>>;
/// Whether a condition holds in an environment, where these extras (normal names) are asked for.
bool holds(const Marker& marker, const MarkerValues& values,
           const std::set<std::string, std::less<>>& extras);

struct Requirement {
  std::string name;                 ///< As written.
  std::vector<std::string> extras;  ///< Normal names, sorted.
  std::vector<Clause> versions;
  std::string url;  ///< In place of versions.
  Marker marker;
};
Result<Requirement> parse_requirement(std::string_view text);

/// As it stands behind `Requires-Dist:`. `extra`: only where that extra is asked for.
std::string show(const Requirement& requirement, std::string_view extra = {});

}  // namespace devgraph::wheel
