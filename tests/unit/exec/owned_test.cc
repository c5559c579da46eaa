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

TEST_CASE("the text of a link is relative to its folder") {
  struct Case {
    const char* place;
    const char* original;
    const char* want;
  };
  const Case cases[] = {
      {"a", "b", "b"},
      {"a", "dir/b", "dir/b"},
      {"dir/a", "b", "../b"},
      {"dir/a", "dir/b", "b"},
      {"dir/sub/a", "dir/other/b", "../other/b"},
      {"dirs/a", "dir/a", "../dir/a"},
      {"x/y/z/a", "p/q/b", "../../../p/q/b"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.place);
    CHECK(exec::link_text(c.place, c.original) == c.want);
  }
}

TEST_CASE("a link replaces what is there in one step") {
  MemFiles files;
  REQUIRE(exec::put_link(files, "/w/new/a", "../b"));
  CHECK(*files.read_link("/w/new/a") == "../b");
  files.put("/w/file", "x");
  REQUIRE(exec::put_link(files, "/w/file", "new"));
  CHECK(*files.read_link("/w/file") == "new");
  REQUIRE(exec::put_link(files, "/w/file", "other"));
  CHECK(*files.read_link("/w/file") == "other");
  files.put_folder("/w/folder");
  CHECK_FALSE(exec::put_link(files, "/w/folder", "x"));
  CHECK(files.lstat("/w/folder")->kind == FileKind::Folder);
  CHECK(files.list("/w")->size() == 3);  // Nothing is left beside.
}
