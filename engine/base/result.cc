#include "engine/base/result.h"

#include <system_error>

#include <fmt/format.h>

namespace devgraph {

std::unexpected<Error> fail_errno(const std::string& what, int code) {
  return fail(fmt::format("{}: {}", what, std::generic_category().message(code)), code);
}

}  // namespace devgraph
