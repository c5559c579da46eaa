/// Sweeps between builds under random edits: the next build runs what it would have run without
/// one, and nothing else; a sweep that is killed loses nothing either.

#include "engine/exec/sweep.h"

#include <cerrno>
#include <random>

#include <doctest/doctest.h>

#include "engine/graph/label.h"
#include "tests/unit/exec/build_world.h"

using namespace devgraph;

namespace {

using Spares = std::vector<exec::Sweep::Spare>;

/// Finds and, unless told otherwise, drops.
Result<Spares> sweep(const GraphMaker& maker, Files& files,
                     std::optional<std::uint64_t> budget = {}, bool dry = false) {
  const Graph graph = maker.make();
  exec::Sweep sweep(graph, files, {"/w", "/w/.devgraph", budget});
  Result<Spares> spare = sweep.find();
  if (!spare || dry) return spare;
  if (Status done = sweep.drop(); !done) return std::unexpected(done.error());
  return spare;
}

/// What a build ran and what came of it.
struct Seen {
  std::vector<std::string> ran;
  std::map<std::string, std::string> out;
  friend bool operator==(const Seen&, const Seen&) = default;
};

/// Builds all on a copy of the disk.
Seen build_copy(const World& world, const MemFiles& disk) {
  const std::unique_ptr<MemFiles> copy = disk.clone();
  copy->advance(10'000'000'000);
  const Graph graph = world.maker.make();
  FakeRunner runner(graph, *copy, "/w");
  runner.otherwise(World::compose);
  for (const auto& [label, action] : world.actions)
    runner.on(label, action);
  exec::Listener listener;
  exec::BuildOptions options = world.options;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i)
    options.goals.push_back(NodeId{i});
  const Result<exec::Summary> summary = exec::build(graph, *copy, runner, options, listener);
  const std::string error = summary ? "" : summary.error().message;
  REQUIRE(error == "");
  std::sort(runner.ran.begin(), runner.ran.end());
  return {runner.ran, copy->tree("/w/out")};
}

/// Nodes with all that keys can hang on: files, trees, parts of trees, large contents.
class RandomWorld {
 public:
  explicit RandomWorld(std::uint64_t seed) : random_(seed) {
    world.options.jobs = 1;
    for (const char* source : {"s0", "s1", "s2"})
      edit_source(source);
    tell();
  }

  World world;

  std::size_t pick(std::size_t below) { return random_() % below; }

  void edit() {
    switch (pick(6)) {
      case 0:
        world.files.erase("/w/out/tree");
        break;
      case 1:
        world.files.erase("/w/out");
        break;
      case 2:
        if (world.files.exists("/w/out/big/out")) world.files.put("/w/out/big/out", "altered");
        break;
      case 3:
        has_leaf_ = !has_leaf_;
        break;
      default:
        edit_source("s" + std::to_string(pick(3)));
        break;
    }
    tell();
  }

 private:
  void edit_source(const std::string& name) {
    world.files.put("/w/" + name, std::to_string(pick(3)));
  }

  void tell() {
    world.maker = {};
    world.maker.add({.name = "tree", .inputs = {"./s0", "./s1"}, .outputs = {"d/"}});
    world.maker.add({.name = "part", .inputs = {"tree/f"}, .script = "part"});
    world.maker.add({.name = "big", .inputs = {"./s1"}});
    world.maker.add({.name = "all", .inputs = {"tree", "big", "part", "./s2"}});
    if (has_leaf_) world.maker.add({.name = "leaf", .inputs = {"part", "./s2"}});
    world.actions["//:tree"] = [](FakeRunner::Job& job) {
      const std::string folder = job.output_path(0);
      const bool done =
          job.files().write(folder + "/f", job.input(0), 0644, false) &&
          job.files().write(folder + "/sub/g", job.input(1) + std::string(66000, 'g'), 0755, false);
      return done ? 0 : 1;
    };
    world.actions["//:big"] = [](FakeRunner::Job& job) {
      job.output(0, std::string(70000, 'b') + job.input(0));
      return 0;
    };
    world.actions["//:all"] = [](FakeRunner::Job& job) {
      job.output(0, job.input(2) + job.input(3));
      return 0;
    };
  }

  std::mt19937_64 random_;
  bool has_leaf_ = true;
};

/// A world with a past, whose sources were edited since.
void prepare(World& world) {
  world.options.jobs = 1;
  world.maker.add({.name = "tree", .inputs = {"./a"}, .outputs = {"d/"}});
  world.maker.add({.name = "big", .inputs = {"./a"}});
  world.maker.add({.name = "end", .inputs = {"tree/f", "big"}});
  world.actions["//:tree"] = [](FakeRunner::Job& job) {
    return job.files().write(job.output_path(0) + "/f", job.input(0), 0644, false) ? 0 : 1;
  };
  world.actions["//:big"] = [](FakeRunner::Job& job) {
    job.output(0, std::string(70000, 'b') + job.input(0));
    return 0;
  };
  for (const char* text : {"1", "2", "3"}) {
    world.files.put("/w/a", text);
    world.build();
  }
  world.files.put("/w/a", "2");  // So that what is needed is no last result.
}

}  // namespace

TEST_CASE("after a sweep a build runs what it would have run without") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RandomWorld random(seed);
    World& world = random.world;
    for (int round = 0; round < 12; ++round) {
      CAPTURE(seed);
      CAPTURE(round);
      if (round > 0) random.edit();
      if (random.pick(3) != 0) world.build();
      if (random.pick(3) == 0) continue;
      random.edit();
      world.files.advance(10'000'000'000);
      const Seen before = build_copy(world, world.files);
      const std::map<std::string, std::string> tree = world.files.tree("/w/out");
      std::optional<std::uint64_t> budget;
      if (random.pick(2) == 0) budget = random.pick(400'000);
      const std::map<std::string, std::string> state = world.files.tree("/w/.devgraph");
      const Result<Spares> dry = sweep(world.maker, world.files, budget, true);
      CHECK(world.files.tree("/w/.devgraph") == state);
      const Result<Spares> spare = sweep(world.maker, world.files, budget);
      REQUIRE(dry);
      REQUIRE(spare);
      REQUIRE(dry->size() == spare->size());
      for (std::size_t i = 0; i < spare->size(); ++i)
        CHECK((*dry)[i].bytes == (*spare)[i].bytes);
      CHECK(world.files.tree("/w/out") == tree);
      const Seen after = build_copy(world, world.files);
      CHECK(after.ran == before.ran);
      CHECK(after.out == before.out);
      const Result<Spares> again = sweep(world.maker, world.files, budget, true);
      REQUIRE(again);
      CHECK(again->empty());
    }
  }
}

TEST_CASE("a sweep killed at any write leaves a state that every build accepts") {
  for (const bool torn : {false, true}) {
    for (std::uint64_t nth = 1;; nth += fault_stride()) {
      CAPTURE(torn);
      CAPTURE(nth);
      World world;
      prepare(world);
      const Seen right = build_copy(world, world.files);
      CHECK(right.ran.empty());
      world.files.kill_at_change(nth, torn);
      bool killed = false;
      try {
        static_cast<void>(sweep(world.maker, world.files));
      } catch (const MemFiles::Killed&) {
        killed = true;
      }
      const std::unique_ptr<MemFiles> next = world.files.clone();
      CHECK(build_copy(world, *next) == right);
      REQUIRE(sweep(world.maker, *next));
      CHECK(build_copy(world, *next) == right);
      // The other past states are built again, and come out as ever.
      next->put("/w/a", "1");
      CHECK(build_copy(world, *next).out.at("big/out") == std::string(70000, 'b') + "1");
      if (!killed) {
        CHECK(nth > 8);
        break;
      }
    }
  }
}

TEST_CASE("a sweep on a disk that fails says so, and the next one goes on") {
  for (const bool lasting : {false, true}) {
    for (std::uint64_t nth = 1; nth < 100; nth += fault_stride()) {
      CAPTURE(lasting);
      CAPTURE(nth);
      World world;
      prepare(world);
      const Seen right = build_copy(world, world.files);
      const std::uint64_t before = world.files.changes();
      if (lasting) world.files.fail_from_change(nth, ENOSPC);
      if (!lasting) world.files.fail_nth_change(nth, EIO);
      const Result<Spares> spare = sweep(world.maker, world.files);
      const bool reached = world.files.changes() - before >= nth;
      world.files.clear_faults();
      CHECK(build_copy(world, world.files) == right);
      REQUIRE(sweep(world.maker, world.files));
      CHECK(build_copy(world, world.files) == right);
      if (!reached) {
        CHECK(spare.has_value());
        break;
      }
    }
  }
}

TEST_CASE("the budget keeps what was used last") {
  World world;
  prepare(world);  // Now is 2, the last was 3, and 1 is spare.
  const auto spare = [&](std::uint64_t budget) {
    const Result<Spares> found = sweep(world.maker, world.files, budget, true);
    REQUIRE(found);
    std::map<std::string, std::size_t> counts;
    for (const exec::Sweep::Spare& one : *found)
      counts[one.label] = one.count;
    return counts;
  };
  CHECK(spare(1'000'000).empty());
  CHECK(spare(0).size() == 3);
  world.files.put("/w/a", "4");
  world.build();  // Now 1, 2 and 3 are spare, and 3 was in use until the end.
  CHECK(spare(1000).at("//:big") == 3);
  CHECK(spare(300'000).at("//:big") == 2);
  REQUIRE(sweep(world.maker, world.files, 300'000));
  world.files.put("/w/a", "3");
  CHECK(build_copy(world, world.files).ran.empty());
  world.files.put("/w/a", "2");
  CHECK(build_copy(world, world.files).ran.size() == 3);
}

TEST_CASE("of a node that left the graph nothing is kept but whose its outputs are") {
  World world;
  prepare(world);
  world.maker = {};
  world.maker.add({.name = "tree", .inputs = {"./a"}, .outputs = {"d/"}});
  const Result<Spares> spare = sweep(world.maker, world.files);
  REQUIRE(spare);
  REQUIRE(spare->size() == 3);
  CHECK((*spare)[0].label == "//:big");
  CHECK_FALSE((*spare)[0].in_graph);
  CHECK((*spare)[0].bytes == 210'003);
  CHECK(world.files.exists("/w/out/big/out"));
  CHECK(sweep(world.maker, world.files, {}, true)->empty());
  world.build();  // It knows them for its own.
  CHECK_FALSE(world.files.exists("/w/out/big/out"));
}

TEST_CASE("a source that is absent stops no sweep") {
  World world;
  prepare(world);
  world.files.put("/w/b", "x");
  world.maker.add({.name = "other", .inputs = {"./b"}});
  world.build();
  world.files.put("/w/a", "3");
  world.files.erase("/w/b");
  REQUIRE(sweep(world.maker, world.files));
  world.files.put("/w/b", "x");
  CHECK(build_copy(world, world.files).ran.empty());
}
