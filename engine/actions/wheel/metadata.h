#pragma once
/// The text files that describe a package: METADATA (PKG-INFO), WHEEL, entry_points.txt.

#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/wheel/project.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

/// What METADATA takes from files of the project.
struct Texts {
  std::string description;                 ///< Of the readme.
  std::string license;                     ///< Of `license = { file = … }`.
  std::vector<std::string> license_files;  ///< Their paths in the project, sorted.
};

/// The lowest version that carries what the project says, and at least `least`.
std::string_view metadata_version(const Project& project, std::string_view least);
/// `version`: 2.1, 2.2, 2.3 or 2.4; a lower one leaves out what it does not know, or says it as it
/// was said then.
std::string metadata_text(const Project& project, const Texts& texts, std::string_view version);
/// One `Tag:` for each combination of a tag such as `py3-none-any`.
std::string wheel_text(std::string_view tag);
/// Empty if the project has no entry points.
std::string entry_points_text(const Project& project);

}  // namespace devgraph::wheel
