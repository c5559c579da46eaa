#pragma once
/// A project's page in a simple index: PEP 503 (HTML) and PEP 691 (JSON).

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace devgraph::wheel {

/// For the header `Accept`.
inline constexpr std::string_view kSimpleTypes =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.1";

struct Listed {
  std::string url;     ///< Whole, without a fragment.
  std::string sha256;  ///< Empty: the page does not say.
};
/// The file of this name; none: the page does not list it. `type`: of the content. `url`: of the
/// page. Error: JSON that is none, or of an edition to come.
Result<std::optional<Listed>> find_listed(std::string_view page, std::string_view type,
                                          std::string_view url, std::string_view file);

}  // namespace devgraph::wheel
