#pragma once
/// The pages of docs/reference/errors, as they stood when devgraph was built.

#include <span>
#include <string_view>

namespace devgraph::cli {

struct Page {
  std::string_view code;  ///< `E203`
  std::string_view text;
};

/// By code.
std::span<const Page> error_pages();

}  // namespace devgraph::cli
