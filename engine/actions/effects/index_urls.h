#pragma once
/// Where Python package indexes have what.

#include <string>
#include <string_view>

#include "engine/actions/net/url.h"

namespace devgraph::actions {

/// pypi.org or test.pypi.org.
bool is_pypi(const net::Url& upload);
/// The simple index of the place where files are sent: that of PyPI, or `simple/` below it; in
/// place of a `legacy/` at its end.
std::string simple_index_of(const net::Url& upload);
/// For people: where a version is shown. `page`: its page in the simple index.
std::string project_url_of(const net::Url& upload, const std::string& page,
                           std::string_view project, std::string_view version);

}  // namespace devgraph::actions
