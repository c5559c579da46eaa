#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "random_manifest.h"
#include "round_trip.h"

namespace devgraph::lang {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST_CASE("the example manifests keep their meaning and comments, and formatting is stable") {
  int count = 0;
  for (const char* folder : {TESTS_DIR "/golden/parse", TESTS_DIR "/../stdlib"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".devgraph") continue;
      CAPTURE(entry.path().string());
      const std::string text = read_file(entry.path());
      CHECK(parse_errors(text) == "");
      CHECK(round_trip_fault(text) == "");
      ++count;
    }
  }
  CHECK(count >= 11);
}

TEST_CASE("random manifests keep their meaning and comments, and formatting is stable") {
  for (std::uint64_t seed = 0; seed < 800; ++seed) {
    const std::string text = random_manifest(seed);
    CAPTURE(seed);
    REQUIRE(parse_errors(text) == "");
    REQUIRE(round_trip_fault(text) == "");
  }
}

}  // namespace
}  // namespace devgraph::lang
