/// Any bytes as a depfile: reading it ends, and no path in it is empty or longer than the file.

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "engine/exec/tally.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::size_t total = 0;
  const std::optional<std::vector<std::string>> paths = devgraph::exec::parse_depfile(text);
  if (!paths) return 0;  // It is no depfile.
  for (const std::string& path : *paths) {
    if (path.empty()) std::abort();
    total += path.size();
  }
  if (total > size) std::abort();
  return 0;
}
