#pragma once
/// Facts about the machine that evaluates.

#include <string>
#include <string_view>

namespace devgraph::lang {

/// `os`, `arch`, `cores`, `uid`, `gid`, `user`, `group`; empty for any other name.
std::string host_fact(std::string_view fact);

}  // namespace devgraph::lang
