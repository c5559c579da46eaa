#pragma once
/// Where a workspace lies in the repository that holds it: code hosts name files from its top.

#include <map>
#include <string>

#include "engine/base/files.h"

namespace devgraph::cli {

/// The folder of the workspace below the top of its repository; empty at the top, and without one.
/// The top is the nearest folder with a `.git`. Below GITHUB_WORKSPACE, where checkouts may stand
/// in each other (submodules), it is the outermost; without any it is GITHUB_WORKSPACE itself.
std::string folder_in_repository(Files& files,
                                 const std::map<std::string, std::string>& environment,
                                 const std::string& workspace);

}  // namespace devgraph::cli
