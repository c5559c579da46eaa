#pragma once
/// A URL of http or https in its parts (RFC 3986), and where its links lead.

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace devgraph::net {

struct Url {
  std::string scheme;  ///< `http` or `https`.
  std::string host;    ///< With a port where one is written, as in `localhost:8080`; lower case.
  std::string path;    ///< Begins with `/`; without what follows `?` or `#`.
};

/// Error: neither http nor https, no host, a name or password in it, or signs that no URL has.
Result<Url> parse_url(std::string_view url);
/// `https://host/path`.
std::string show(const Url& url);

/// Whether a host with a perhaps written port is this machine.
bool is_loopback(std::string_view host);
/// Where a password may go: https, or http to this machine.
bool is_private(const Url& url);

/// The URL behind a link on a page, without its fragment: `../f/a.whl#sha256=…`.
std::string resolved(std::string_view page, std::string_view link);
/// `%2B` -> `+`; a `%` that no two digits follow stays.
std::string percent_decoded(std::string_view text);

}  // namespace devgraph::net
