#pragma once
/// The one folder on a command's PATH: links of the tools that its node declares, and of the basics
/// that every script has.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/files.h"

namespace devgraph::exec {

/// A program under the name by which commands call it.
struct Tool {
  std::string name;
  std::string path;  ///< Absolute.
};

/// Makes tool folders, each once: `<state>/tools/<hash of the links>`. For one thread. One lives as
/// long as a build, so that programs installed meanwhile are found by the next.
class Toolbox {
 public:
  Toolbox(Files& files, std::string state);

  /// The folder for a set of tools; a tool hides the basic of its name.
  Result<std::string> folder(const std::vector<Tool>& tools);
  /// Where a basic program lies on this system: `sort` -> `/usr/bin/sort`.
  std::optional<std::string> basic(std::string_view name);
  std::string bash();

 private:
  const std::map<std::string, std::string, std::less<>>& basics();
  Result<std::string> make(const std::map<std::string, std::string, std::less<>>& links);
  Status fill(const std::string& folder,
              const std::map<std::string, std::string, std::less<>>& links);

  Files& files_;
  std::string state_;
  std::optional<std::map<std::string, std::string, std::less<>>> basics_;  ///< Name to path.
  std::unordered_map<std::string, std::string> folders_;  ///< Tools as one text, to the folder.
};

/// The names of the basics: bash and the programs of coreutils, findutils, diffutils, grep, sed,
/// awk, tar and gzip. Sorted.
const std::vector<std::string_view>& basic_names();

}  // namespace devgraph::exec
