#pragma once
/// Versions in the order of SemVer 2.0.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace devgraph::lang {

struct SemVer {
  std::uint64_t major_part = 0;
  std::uint64_t minor_part = 0;
  std::uint64_t patch_part = 0;
  std::vector<std::string> pre;  ///< Behind `-`, split at dots.
  std::string build;             ///< Behind `+`; not compared.
};

/// `1.10.0`, `1.0.0-rc.1+5`; none if it is not exactly one.
std::optional<SemVer> parse_semver(std::string_view text);
std::string show(const SemVer& version);
/// Precedence: build metadata does not count.
std::strong_ordering compare(const SemVer& a, const SemVer& b);

}  // namespace devgraph::lang
