// The test double itself: its clock, counts, faults and clones.

#include "tests/support/mem_files.h"

#include <cerrno>

#include <doctest/doctest.h>

namespace devgraph {
namespace {

TEST_CASE("the clock is the test's") {
  MemFiles files;
  files.set_step(0);
  files.set_grain(1'000'000'000);
  files.set_now(5'700'000'000);
  files.put("/a", "1");
  CHECK(files.stat("/a").value().mtime_ns == 5'000'000'000);
  files.advance(1'000'000'000);
  files.put("/a", "2");
  CHECK(files.stat("/a").value().mtime_ns == 6'000'000'000);
  CHECK(files.clock("/").value() == 6'000'000'000);
  files.set_mtime("/a", 1);
  CHECK(files.stat("/a").value().mtime_ns == 1);
  CHECK(files.stat("/a").value().ctime_ns == 6'000'000'000);
}

TEST_CASE("put keeps the inode, replace does not") {
  MemFiles files;
  files.put("/d/a", "1");
  const std::uint64_t inode = files.stat("/d/a").value().inode;
  files.put("/d/a", "2");
  CHECK(files.stat("/d/a").value().inode == inode);
  files.replace("/d/a", "2");
  CHECK(files.stat("/d/a").value().inode != inode);
}

TEST_CASE("calls are counted by kind, the user's are not") {
  MemFiles files;
  files.put("/a", "1");
  CHECK(files.changes() == 0);
  static_cast<void>(files.stat("/a"));
  static_cast<void>(files.stat("/b"));
  REQUIRE(files.write("/b", "", 0644, false));
  CHECK(files.count(MemFiles::Call::Stat) == 2);
  CHECK(files.count(MemFiles::Call::Write) == 1);
  CHECK(files.changes() == 1);
  files.reset_counts();
  CHECK(files.count(MemFiles::Call::Stat) == 0);
}

TEST_CASE("a chosen call fails with the chosen errno, once or from then on") {
  MemFiles files;
  files.put("/a", "1");
  files.fail_nth(MemFiles::Call::Read, 2, EIO);
  CHECK(files.read("/a"));
  CHECK(files.read("/a").error().message == "cannot read /a: Input/output error");
  CHECK(files.read("/a"));
  files.fail_nth_change(2, ENOSPC);
  CHECK(files.write("/b", "", 0644, false));
  CHECK(files.write("/c", "", 0644, false).error().code == ENOSPC);
  CHECK(files.write("/c", "", 0644, false));
  files.fail_from_change(1, EROFS);
  CHECK(files.remove("/c").error().code == EROFS);
  CHECK(files.remove("/c").error().code == EROFS);
  files.clear_faults();
  CHECK(files.remove("/c"));
}

TEST_CASE("a kill stops every change from there on, cleanly or torn") {
  MemFiles files;
  auto log = files.append_to("/log", 0).value();
  REQUIRE(log->append("first "));
  SUBCASE("clean") {
    files.kill_at_change(1);
    CHECK_THROWS_AS(static_cast<void>(log->append("second")), MemFiles::Killed);
    CHECK(files.get("/log") == "first ");
  }
  SUBCASE("torn") {
    files.kill_at_change(1, true);
    CHECK_THROWS_AS(static_cast<void>(log->append("second")), MemFiles::Killed);
    CHECK(files.get("/log") == "first sec");
  }
  CHECK_THROWS_AS(static_cast<void>(files.write("/x", "", 0644, false)), MemFiles::Killed);
  const auto next = files.clone();
  CHECK(next->write("/x", "", 0644, false));
  CHECK(next->get("/log") == files.get("/log"));
  CHECK(!files.exists("/x"));
}

TEST_CASE("a torn write leaves the old file and a temporary one") {
  MemFiles files;
  files.put("/f", "old");
  files.kill_at_change(1, true);
  CHECK_THROWS_AS(static_cast<void>(files.write("/f", "new!", 0644, true)), MemFiles::Killed);
  CHECK(files.get("/f") == "old");
  CHECK(files.tree().size() == 2);
}

TEST_CASE("a power cut takes what was not synced") {
  MemFiles files;
  auto log = files.append_to("/log", 0).value();
  REQUIRE(log->append("kept"));
  REQUIRE(log->sync());
  REQUIRE(log->append(" lost"));
  REQUIRE(files.write("/durable", "1", 0644, true));
  REQUIRE(files.write("/loose", "1", 0644, false));
  const auto after = files.clone(MemFiles::Keep::Synced);
  CHECK(after->get("/log") == "kept");
  CHECK(after->get("/durable") == "1");
  CHECK(after->get("/loose") == "");
  CHECK(files.get("/log") == "kept lost");
  CHECK(after->stat("/log").value().inode == files.stat("/log").value().inode);
}

TEST_CASE("tree shows everything below a folder") {
  MemFiles files;
  files.put("/w/a", "1");
  files.put("/w/d/x", "2");
  files.set_mode("/w/d/x", 0755);
  files.put_link("/w/l", "d/x");
  files.put_folder("/w/e");
  const std::map<std::string, std::string> want = {
      {"a", "1"}, {"d/x", "*2"}, {"e", "/"}, {"l", "-> d/x"}};
  CHECK(files.tree("/w") == want);
  CHECK(files.get("/w/l") == "2");
}

}  // namespace
}  // namespace devgraph
