#include "engine/exec/owned.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;

TEST_CASE("nothing is written over folders, over links or behind them") {
  MemFiles files;
  files.put("/w/dir/file", "x");
  REQUIRE(files.symlink("dir", "/w/link"));
  REQUIRE(files.symlink("nowhere", "/w/dir/broken"));
  struct Case {
    const char* path;
    const char* fault;  ///< Empty: it may.
  };
  const Case cases[] = {
      {"new", ""},
      {"dir/new", ""},
      {"dir/file", ""},
      {"no/folder/yet", ""},
      {"dir", "a folder stands there"},
      {"link", "a link stands there"},
      {"dir/broken", "a link stands there"},
      {"link/file", "`link` is a link, and nothing is written behind one"},
      {"dir/file/below", "`dir/file` is no folder"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    const Status may = exec::may_write(files, "/w", c.path);
    CHECK((may ? std::string() : may.error().message) == c.fault);
  }
}

TEST_CASE("a file keeps its permissions when its content is replaced, but for the executable bit") {
  MemFiles files;
  const auto mode = [&] { return files.lstat("/w/a")->mode & 0777U; };
  REQUIRE(exec::put_bytes(files, "/w/a", "1", false));
  CHECK(files.get("/w/a") == "1");
  REQUIRE(files.chmod("/w/a", 0640));
  REQUIRE(exec::put_bytes(files, "/w/a", "2", true));
  CHECK(files.get("/w/a") == "2");
  CHECK(mode() == 0750);
  REQUIRE(exec::put_bytes(files, "/w/a", "3", false));
  CHECK(mode() == 0640);
  REQUIRE(exec::put_bytes(files, "/w/new/folder/b", "4", true));
  CHECK(files.lstat("/w/new/folder/b")->executable);
}
