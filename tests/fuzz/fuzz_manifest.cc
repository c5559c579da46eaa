/// Any bytes as a manifest: reading and formatting them ends, and what parses keeps its meaning and
/// its comments when it is formatted, and is then left alone.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fuzz/target.h"
#include "tests/unit/lang/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string fault =
      devgraph::lang::round_trip_fault(std::string(reinterpret_cast<const char*>(data), size));
  if (fault.empty()) return 0;
  std::fprintf(stderr, "%s\n", fault.c_str());
  std::abort();
}
