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

TEST_CASE("what only stands behind a stale node is fresh") {
  World world;
  world.files.put("/w/a.c", "1");
  world.maker.add({.name = "cc", .inputs = {"./a.c"}});
  world.maker.add({.name = "notes", .after = {"cc"}});
  world.build();
  world.files.put("/w/a.c", "2");
  CHECK(stale(world) == Names{"//:cc: ./a.c changed"});
  world.options.dry_run = true;
  CHECK(world.build().run == 1);
  world.options.dry_run = false;
  CHECK(world.build().run == 1);
}

namespace {

std::vector<exec::Why> why(World& world, const std::vector<NodeId>& nodes) {
  const Graph graph = world.maker.make();
  return exec::why(graph, world.files, "/w", nodes).value();
}

}  // namespace

TEST_CASE("why compares the parts of the key with those of the last run") {
  World world;
  world.files.put("/w/a.c", "1");
  world.maker.add({.name = "cc", .inputs = {"./a.c"}});
  const auto why_cc = [&] { return why(world, {NodeId{0}}).at(0); };
  CHECK_FALSE(why_cc().own.ever_built);
  world.build();
  CHECK(why_cc().fresh());
  CHECK(why_cc().own.changes.empty());
  world.files.put("/w/a.c", "2");
  world.files.erase("/w/out/cc/out");
  const exec::Why now = why_cc();
  CHECK_FALSE(now.fresh());
  REQUIRE(now.own.changes.size() == 1);
  CHECK(now.own.changes[0].part == "input ./a.c");
  CHECK(now.own.changes[0].before != now.own.changes[0].now);
  CHECK(now.own.outputs == Names{"out/cc/out is missing"});
  CHECK(now.causes.empty());
}

TEST_CASE("why goes from a stale node to what made it so") {
  World world;
  world.files.put("/w/a.c", "1");
  world.files.put("/w/b.c", "1");
  const NodeId a{0}, b{1}, lib{2}, app{3}, extra{4};
  world.maker.add({.name = "a", .inputs = {"./a.c"}});
  world.maker.add({.name = "b", .inputs = {"./b.c"}});
  world.maker.add({.name = "lib", .inputs = {"a", "b"}});
  world.maker.add({.name = "app", .inputs = {"lib"}});
  world.build();
  CHECK(why(world, {app}).at(0).fresh());

  world.files.put("/w/a.c", "2");
  const std::vector<exec::Why> now = why(world, {b, app});
  CHECK(now.at(0).fresh());
  CHECK_FALSE(now.at(1).fresh());
  CHECK_FALSE(now.at(1).own.stale);
  CHECK((now.at(1).stale_needs == std::vector<NodeId>{lib}));
  REQUIRE(now.at(1).causes.size() == 1);
  CHECK((now.at(1).causes[0].own.node == a));
  CHECK(now.at(1).causes[0].own.changes.at(0).part == "input ./a.c");
  CHECK((now.at(1).causes[0].through == std::vector<NodeId>{lib}));

  SUBCASE("the nearest comes first") {
    world.files.erase("/w/out/lib/out");
    const exec::Why found = why(world, {app}).at(0);
    REQUIRE(found.causes.size() == 2);
    CHECK((found.causes[0].own.node == lib));
    CHECK(found.causes[0].own.outputs == Names{"out/lib/out is missing"});
    CHECK(found.causes[0].through.empty());
    CHECK((found.causes[1].own.node == a));
  }
  SUBCASE("what was never built waits for nothing but itself") {
    world.maker.add({.name = "extra", .inputs = {"app"}});
    const exec::Why found = why(world, {extra}).at(0);
    CHECK(found.own.stale);
    CHECK(found.causes.empty());
  }
}

TEST_CASE("depfiles of make are read with all their escapes") {
  struct Case {
    const char* text;
    std::optional<Names> want;
  };
  const Case cases[] = {
      {"a.o: a.c b.h\n", Names{"a.c", "b.h"}},
      {"a.o: a.c \\\n  b.h \\\r\n c.h", Names{"a.c", "b.h", "c.h"}},
      {"a.o b.o : x\\ y.h z\\#1 $$w\n", Names{"x y.h", "z#1", "$w"}},
      {"a.o:\n\nb.h:\n", Names{}},
      {"a.o: c:/x.h\n", Names{"c:/x.h"}},
      {"a.o: a.c\nb.o: b.c\n", Names{"a.c", "b.c"}},
      {"", Names{}},
      {" \n\n", Names{}},
      {"a.c b.h\n", std::nullopt},
      {"a.o: a.c\nb.h", std::nullopt},
      {"a.o: \\\n a.c", Names{"a.c"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(exec::parse_depfile(c.text) == c.want);
  }
}
