#pragma once
/// Licence expressions: `MIT OR (Apache-2.0 WITH LLVM-exception)` (PEP 639, SPDX 2.3).

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace devgraph::wheel {

/// The expression in canonical spelling: names as in SPDX's list, operators in capitals.
Result<std::string> canonical_license(std::string_view expression);

/// Names between blanks. spdx_ids.cc
extern const std::string_view kSpdxLicenses;
extern const std::string_view kSpdxExceptions;

}  // namespace devgraph::wheel
