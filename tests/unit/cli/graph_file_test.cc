#include "engine/cli/graph_file.h"

#include <doctest/doctest.h>

using namespace devgraph;
using namespace devgraph::cli;

namespace {
using Words = std::vector<std::string>;

const GraphHeader kHeader = {.engine = {.high = 1, .low = 2},
                             .options = {.high = 3, .low = 4},
                             .doubts = 5,
                             .projects = {"", "sub/..."}};
}  // namespace

TEST_CASE("a compiled graph's file gives back what was put in, the block aligned") {
  const std::string bytes = encode_graph_file(kHeader, "the block");
  const auto file = decode_graph_file(bytes);
  REQUIRE(file);
  CHECK(file->header.engine == kHeader.engine);
  CHECK(file->header.options == kHeader.options);
  CHECK(file->header.doubts == kHeader.doubts);
  CHECK(file->header.projects == kHeader.projects);
  CHECK(file->graph == "the block");
  CHECK((file->graph.data() - bytes.data()) % 64 == 0);
}

TEST_CASE("a file that was cut, or lengthened, is no compiled graph") {
  const std::string bytes = encode_graph_file(kHeader, "the block");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_graph_file(std::string_view(bytes).substr(0, size)));
  }
  CHECK_FALSE(decode_graph_file(bytes + "x"));
}

TEST_CASE("no damage to the header makes the reader look outside of the file") {
  const std::string bytes = encode_graph_file(kHeader, "the block");
  for (std::size_t at = 0; at < 72; ++at) {
    for (const int value : {0, 1, 0x7F, 0xFF}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      const auto file = decode_graph_file(damaged);
      if (file) CHECK(file->graph.size() <= damaged.size());
    }
  }
}

TEST_CASE("a graph of more projects answers for fewer") {
  CHECK(covers(Words{"..."}, Words{"...", "", "sub", "sub/..."}));
  CHECK(covers(Words{"sub/..."}, Words{"sub", "sub/a", "sub/a/..."}));
  CHECK_FALSE(covers(Words{"sub/..."}, Words{"subway"}));
  CHECK_FALSE(covers(Words{"sub"}, Words{"sub/..."}));
  CHECK_FALSE(covers(Words{""}, Words{"sub"}));
  CHECK(covers(Words{"", "sub"}, Words{"sub", ""}));
}
