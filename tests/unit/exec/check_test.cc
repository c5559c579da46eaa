#include <doctest/doctest.h>

#include "engine/exec/tally.h"
#include "tests/unit/exec/build_world.h"

using namespace devgraph;
using Names = std::vector<std::string>;

namespace {

/// `label: reason` of all that is stale.
Names stale(World& world, bool paranoid = false) {
  const Graph graph = world.maker.make();
  exec::CheckOptions options;
  options.workspace = "/w";
  options.paranoid = paranoid;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i)
    options.goals.push_back(NodeId{i});
  const std::uint64_t changes = world.files.changes();
  const Result<std::vector<exec::StaleNode>> found = exec::check(graph, world.files, options);
  REQUIRE(found);
  CHECK(world.files.changes() == changes);  // It writes nothing.
  Names names;
  for (const exec::StaleNode& node : *found) {
    names.push_back(label_of(graph, node.node) + ": " + node.reason);
  }
  return names;
}

}  // namespace

TEST_CASE("check tells what is stale and why, and writes nothing") {
  World world;
  world.files.put("/w/a.c", "1");
  world.maker.add({.name = "cc", .inputs = {"./a.c"}});
  world.maker.add({.name = "link", .inputs = {"cc"}});
  CHECK(stale(world) == Names{"//:cc: never built", "//:link: never built"});
  world.build();
  CHECK(stale(world).empty());
  CHECK(stale(world, true).empty());

  SUBCASE("a source") {
    world.files.put("/w/a.c", "2");
    CHECK(stale(world) == Names{"//:cc: ./a.c changed", "//:link: //:cc is stale"});
  }
  SUBCASE("an output altered") {
    world.files.put("/w/out/cc/out", "hm");
    CHECK(stale(world) == Names{"//:cc: output out/cc/out was altered", "//:link: //:cc changed"});
  }
  SUBCASE("an output missing") {
    world.files.erase("/w/out/link/out");
    CHECK(stale(world) == Names{"//:link: output out/link/out missing"});
  }
  SUBCASE("a script") {
    world.maker = {};
    world.maker.add({.name = "cc", .inputs = {"./a.c"}, .script = "other"});
    CHECK(stale(world) == Names{"//:cc: script changed"});
  }
  SUBCASE("only paranoia finds a change that left no trace in the stat") {
    // No kernel does this; a broken file system may.
    const FileStat before = *world.files.stat("/w/a.c");
    const std::int64_t now = world.files.now();
    world.build();  // From here on the stamp is trusted.
    world.files.set_now(before.ctime_ns);
    world.files.set_step(0);
    world.files.put("/w/a.c", "9");
    world.files.set_now(now + 60'000'000'000);
    REQUIRE(*world.files.stat("/w/a.c") == before);
    CHECK(stale(world).empty());
    CHECK(stale(world, true).size() == 2);
  }
}

TEST_CASE("a dry run says what would run, and does nothing") {
  World world;
  world.files.put("/w/a.c", "1");
  world.maker.add({.name = "cc", .inputs = {"./a.c"}});
  world.maker.add({.name = "link", .inputs = {"cc"}});
  world.build();
  world.files.put("/w/a.c", "2");
  world.options.dry_run = true;
  const std::uint64_t changes = world.files.changes();
  const exec::Summary summary = world.build();
  CHECK(summary.run == 2);
  CHECK(world.ran.empty());
  CHECK(world.files.changes() == changes);
  REQUIRE(world.finished.size() == 2);
  CHECK(world.finished[0].reason == "./a.c changed");
  CHECK(world.finished[1].reason == "if //:cc comes out otherwise");
}

TEST_CASE("why compares the parts of the key with those of the last run") {
  World world;
  world.files.put("/w/a.c", "1");
  world.maker.add({.name = "cc", .inputs = {"./a.c"}});
  const auto why = [&] {
    const Graph graph = world.maker.make();
    return exec::why(graph, world.files, "/w", NodeId{0}).value();
  };
  CHECK_FALSE(why().ever_built);
  world.build();
  CHECK(why().fresh);
  CHECK(why().changes.empty());
  world.files.put("/w/a.c", "2");
  world.files.erase("/w/out/cc/out");
  const exec::Why now = why();
  CHECK_FALSE(now.fresh);
  REQUIRE(now.changes.size() == 1);
  CHECK(now.changes[0].part == "input ./a.c");
  CHECK(now.changes[0].before != now.changes[0].now);
  CHECK(now.outputs == Names{"out/cc/out is missing"});
}

TEST_CASE("depfiles of make are read with all their escapes") {
  struct Case {
    const char* text;
    Names want;
  };
  const Case cases[] = {
      {"a.o: a.c b.h\n", {"a.c", "b.h"}},
      {"a.o: a.c \\\n  b.h \\\r\n c.h", {"a.c", "b.h", "c.h"}},
      {"a.o b.o : x\\ y.h z\\#1 $$w\n", {"x y.h", "z#1", "$w"}},
      {"a.o:\n\nb.h:\n", {}},
      {"a.o: c:/x.h\n", {"c:/x.h"}},
      {"a.o: a.c\nb.o: b.c\n", {"a.c", "b.c"}},
      {"", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(exec::parse_depfile(c.text) == c.want);
  }
}
