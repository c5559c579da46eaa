#include "engine/graph/pins.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;

TEST_CASE("pins are written as they are read, whatever their names") {
  Pins pins;
  pins["//:a"] = {};
  pins["//sub:b@py=3.11"].outputs["out"] = {"dir/with blank", "sha256:12"};
  pins["//sub:c"].outputs["text"] = {"a=b", "exec:34"};
  pins["//sub:c"].outputs["data"] = {"back\\slash\n", "tree:56"};
  const std::string text = show_pins(pins);
  CHECK(
      text.ends_with("//:a empty\n"
                     "//sub:b@py=3.11 out=dir/with\\x20blank sha256:12\n"
                     "//sub:c data=back\\x5cslash\\x0a tree:56\n"
                     "//sub:c text=a=b exec:34\n"));
  const Result<Pins> read = parse_pins(text);
  REQUIRE(read);
  CHECK(*read == pins);
  CHECK(show_pins(*read) == text);
}

TEST_CASE("a line that is no pin is named") {
  const std::string head = "devgraph pins 1\n";
  struct Case {
    const char* line;
    const char* fault;
  };
  const Case cases[] = {
      {"", ""},
      {"# note", ""},
      {"//:a empty\r", ""},
      {"//:a", "line 2 is no pin: `//:a`"},
      {"//:a full", "line 2 is no pin: `//:a full`"},
      {"//:a out=x", "line 2 is no pin: `//:a out=x`"},
      {"//:a x sha256:1", "line 2 is no pin: `//:a x sha256:1`"},
      {"//:a out=../x sha256:1", "line 2 is no pin: `//:a out=../x sha256:1`"},
      {"//:a out=/x sha256:1", "line 2 is no pin: `//:a out=/x sha256:1`"},
      {"//:a out=\\x2 sha256:1", "line 2 is no pin: `//:a out=\\x2 sha256:1`"},
      {"//:a empty\n//:a empty", "line 3 is no pin: `//:a empty`"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line);
    const Result<Pins> pins = parse_pins(head + c.line + "\n");
    CHECK((pins ? std::string() : pins.error().message) == c.fault);
  }
  CHECK_FALSE(parse_pins(""));
  CHECK_FALSE(parse_pins("devgraph pins 2\n"));
}

TEST_CASE("the digest of a content has its names, kinds and executable bits") {
  MemFiles files;
  files.put("/a", "x");
  files.put("/d/one", "x");
  files.put("/d/sub/two", "y");
  const auto digest = [&](const char* path) { return content_digest(files, path).value_or("?"); };
  const std::string file = digest("/a");
  const std::string folder = digest("/d");
  CHECK(file.starts_with("sha256:"));
  CHECK(folder.starts_with("tree:"));
  CHECK(digest("/d/one") == file);
  files.set_mode("/a", 0755);
  CHECK(digest("/a").starts_with("exec:"));
  files.set_mode("/d/one", 0755);
  CHECK(digest("/d") != folder);
  files.set_mode("/d/one", 0644);
  CHECK(digest("/d") == folder);
  files.put_link("/d/link", "one");
  CHECK(digest("/d") != folder);
  files.erase("/d/link");
  files.put_folder("/d/empty");
  CHECK(digest("/d") != folder);
}
