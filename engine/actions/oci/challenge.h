#pragma once
/// What a server says in `WWW-Authenticate` (RFC 9110, 11.6.1).

#include <map>
#include <string>
#include <string_view>

namespace devgraph::oci {

struct Challenge {
  std::string scheme;  ///< In lower case: `bearer`, `basic`.
  std::map<std::string, std::string> parameters;
};

/// The first challenge of the header.
Challenge parse_challenge(std::string_view header);

}  // namespace devgraph::oci
