/// Builds that are killed, or whose disk fails, at every single write: the next build is right.

#include <cerrno>

#include <doctest/doctest.h>

#include "tests/unit/exec/build_world.h"

using namespace devgraph;

namespace {

/// A graph with what can go half way: two outputs, a tree, a big file, an edge.
void tell(World& world) {
  world.maker = {};
  world.maker.add({.name = "pair", .inputs = {"./a"}, .outputs = {"x", "y"}});
  world.maker.add({.name = "tree", .inputs = {"./b"}, .outputs = {"d/"}});
  world.maker.add({.name = "big", .inputs = {"./a"}});
  world.maker.add({.name = "end", .inputs = {"pair", "pair:1", "tree/f", "big"}});
  world.options.jobs = 1;  // So that the nth write is the same write in every run.
  world.actions["//:pair"] = [](FakeRunner::Job& job) {
    job.output(0, "x" + job.input(0));
    job.output(1, "y" + job.input(0));
    return 0;
  };
  world.actions["//:tree"] = [](FakeRunner::Job& job) {
    const std::string folder = job.output_path(0);
    const bool done = job.files().write(folder + "/f", job.input(0), 0644, false) &&
                      job.files().write(folder + "/g", "g", 0755, false);
    return done ? 0 : 1;
  };
  world.actions["//:big"] = [](FakeRunner::Job& job) {
    job.output(0, std::string(70000, 'b') + job.input(0));
    return 0;
  };
}

std::map<std::string, std::string> outputs_from_scratch(const std::string& a,
                                                        const std::string& b) {
  World world;
  world.files.put("/w/a", a);
  world.files.put("/w/b", b);
  tell(world);
  world.build();
  return world.files.tree("/w/out");
}

/// A world whose first build is done and whose sources were then edited.
void prepare(World& world) {
  world.files.put("/w/a", "1");
  world.files.put("/w/b", "1");
  tell(world);
  world.build();
  world.files.put("/w/a", "2");
  world.files.put("/w/b", "2");
}

/// The next engine finds `disk`: its build must be right, and the one after it free.
void check_recovery(std::unique_ptr<MemFiles> disk,
                    const std::map<std::string, std::string>& right) {
  World world;
  tell(world);
  const Graph graph = world.maker.make();
  for (int round = 0; round < 2; ++round) {
    disk->advance(10'000'000'000);
    FakeRunner runner(graph, *disk, "/w");
    runner.otherwise(World::compose);
    for (const auto& [label, action] : world.actions)
      runner.on(label, action);
    exec::Listener listener;
    exec::BuildOptions options = world.options;
    options.workspace = "/w";
    options.goals = {NodeId{3}};
    const Result<exec::Summary> summary = exec::build(graph, *disk, runner, options, listener);
    const std::string error = summary ? "" : summary.error().message;
    REQUIRE(error == "");
    CHECK(summary->failed == 0);
    CHECK(disk->tree("/w/out") == right);
    if (round == 1) CHECK(runner.ran.empty());
  }
}

}  // namespace

TEST_CASE("a build killed at any write leaves nothing that the next one believes wrongly") {
  const std::map<std::string, std::string> right = outputs_from_scratch("2", "2");
  for (const bool torn : {false, true}) {
    for (std::uint64_t nth = 1;; nth += fault_stride()) {
      CAPTURE(torn);
      CAPTURE(nth);
      World world;
      prepare(world);
      world.files.kill_at_change(nth, torn);
      bool killed = false;
      try {
        static_cast<void>(world.try_build());
      } catch (const MemFiles::Killed&) {
        killed = true;
      }
      if (!killed) {
        CHECK(nth > 40);  // Else this test would test nothing.
        break;
      }
      check_recovery(world.files.clone(MemFiles::Keep::All), right);
      check_recovery(world.files.clone(MemFiles::Keep::Synced), right);
    }
  }
}

TEST_CASE("a disk that fails at any write gives an error or a failure, and no wrong output") {
  const std::map<std::string, std::string> right = outputs_from_scratch("2", "2");
  for (const bool lasting : {false, true}) {
    for (std::uint64_t nth = 1; nth < 400; nth += fault_stride()) {
      CAPTURE(lasting);
      CAPTURE(nth);
      World world;
      prepare(world);
      const std::uint64_t before = world.files.changes();
      if (lasting) world.files.fail_from_change(nth, ENOSPC);
      if (!lasting) world.files.fail_nth_change(nth, ENOSPC);
      const Result<exec::Summary> summary = world.try_build();
      const bool reached = world.files.changes() - before >= nth;
      world.files.clear_faults();
      // Exit 0 is a promise.
      if (summary && summary->failed == 0) CHECK(world.files.tree("/w/out") == right);
      check_recovery(world.files.clone(), right);
      if (!reached) {
        CHECK(nth > 40);
        break;
      }
    }
  }
}

TEST_CASE("any byte of the state may be lost or flipped") {
  const std::map<std::string, std::string> right = outputs_from_scratch("1", "1");
  for (const char* name : {"record", "index", "index.log", "parts", "cas/pack", "cas/pack.index"}) {
    const std::string path = std::string("/w/.devgraph/") + name;
    World world;
    prepare(world);
    world.files.put("/w/a", "1");
    world.files.put("/w/b", "1");
    const std::optional<std::string> bytes = world.files.get(path);
    if (!bytes) continue;
    for (std::size_t at = 0; at < bytes->size(); at += 1 + bytes->size() / 23) {
      CAPTURE(name);
      CAPTURE(at);
      const std::unique_ptr<MemFiles> cut = world.files.clone();
      cut->put(path, bytes->substr(0, at));
      cut->erase("/w/out/pair/x");
      check_recovery(cut->clone(), right);
      std::string flipped = *bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
      const std::unique_ptr<MemFiles> bad = world.files.clone();
      bad->put(path, flipped);
      bad->erase("/w/out/pair/x");
      check_recovery(bad->clone(), right);
    }
  }
}
