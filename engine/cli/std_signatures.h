#pragma once
/// The rules of the standard library, as they are declared.

#include <string>
#include <vector>

namespace devgraph::cli {

struct StdRule {
  std::string name;
  std::string file;              ///< `run.devgraph`
  std::string signature;         ///< `rule image(…) -> Image`, as written.
  std::vector<std::string> doc;  ///< Lines.
  bool effect = false;
  bool runs = false;  ///< This version of devgraph can run it.
};

/// By name.
std::vector<StdRule> std_rules();

}  // namespace devgraph::cli
