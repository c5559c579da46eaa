#pragma once
/// How many commands may run at once.

#include <map>
#include <string>

#include "engine/cli/options.h"

namespace devgraph::cli {

/// `-j`; else that of a make which runs us, from MAKEFLAGS; else one a core.
unsigned job_count(const Options& options, const std::map<std::string, std::string>& environment);

}  // namespace devgraph::cli
