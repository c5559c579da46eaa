/// Portable keys: what they cover, and what a clone without state can say by them.

#include "engine/exec/portable.h"

#include <doctest/doctest.h>

#include "tests/unit/exec/build_world.h"

using namespace devgraph;
using Names = std::vector<std::string>;

namespace {

exec::CheckOptions all_of(const Graph& graph, const std::string& workspace = "/w") {
  exec::CheckOptions options;
  options.workspace = workspace;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i)
    options.goals.push_back(NodeId{i});
  return options;
}

LockFile lock_of(World& world) {
  const Graph graph = world.maker.make();
  Result<exec::NodeLocks> made = exec::lock_nodes(graph, world.files, all_of(graph));
  REQUIRE(made);
  CHECK(made->stale.empty());
  LockFile lock;
  lock.nodes = std::move(made->nodes);
  lock.sources = std::move(made->sources);
  return lock;
}

/// `label: reason` of what is stale in a clone that has sources and a lock file only.
Names stale(World& clone, const LockFile& lock) {
  const Graph graph = clone.maker.make();
  const std::uint64_t changes = clone.files.changes();
  const Result<std::vector<exec::StaleNode>> found =
      exec::check_locked(graph, clone.files, all_of(graph), lock);
  REQUIRE(found);
  CHECK(clone.files.changes() == changes);
  Names names;
  for (const exec::StaleNode& node : *found)
    names.push_back(label_of(graph, node.node) + ": " + node.reason);
  return names;
}

void add_nodes(GraphMaker& maker, const std::string& script = "") {
  maker.trees["dir"] = {"x", "y"};
  maker.add({.name = "cc", .inputs = {"./a.c"}, .script = script});
  maker.add({.name = "gen", .inputs = {"./dir/"}, .outputs = {"tree/"}});
  maker.add({.name = "link", .inputs = {"cc", "gen/part", "./b.c"}, .outputs = {"app", "map"}});
}

void put_sources(World& world) {
  world.files.put("/w/a.c", "1");
  world.files.put("/w/b.c", "2");
  world.files.put("/w/dir/x", "3");
  world.files.put("/w/dir/y", "4");
}

/// A world in which all was built once.
struct Built : World {
  explicit Built(std::uint64_t order = 1) {
    seed = order;
    put_sources(*this);
    add_nodes(maker);
    actions["//:gen"] = [](FakeRunner::Job& job) {
      static_cast<void>(job.files().make_folders(job.output_path(0)));
      static_cast<void>(job.files().write(job.output_path(0) + "/part", "made", 0644, false));
      return 0;
    };
    actions["//:link"] = [](FakeRunner::Job& job) {
      job.output(0, "app");
      job.output(1, "map");
      return 0;
    };
    build();
  }
};

}  // namespace

TEST_CASE("a clone without state or outputs is fresh, and names what changed") {
  Built world;
  const LockFile lock = lock_of(world);
  CHECK(lock.nodes.size() == 3);
  CHECK(lock.sources.size() == 4);
  World clone;
  put_sources(clone);
  add_nodes(clone.maker);
  CHECK(stale(clone, lock).empty());

  SUBCASE("a source") {
    clone.files.put("/w/b.c", "other");
    CHECK(stale(clone, lock) == Names{"//:link: ./b.c changed"});
  }
  SUBCASE("a source that others stand on") {
    clone.files.put("/w/a.c", "other");
    CHECK(stale(clone, lock) == Names{"//:cc: ./a.c changed", "//:link: //:cc is stale"});
  }
  SUBCASE("a member of a tree") {
    clone.files.put("/w/dir/y", "other");
    CHECK(stale(clone, lock) == Names{"//:gen: ./dir/y changed", "//:link: //:gen is stale"});
  }
  SUBCASE("a member that went, one that came, both") {
    clone.maker.trees["dir"] = {"x"};
    CHECK(stale(clone, lock)[0] == "//:gen: ./dir/y is gone");
    clone.files.put("/w/dir/z", "5");
    clone.maker.trees["dir"] = {"x", "y", "z"};
    CHECK(stale(clone, lock)[0] == "//:gen: ./dir/z is new");
    clone.maker.trees["dir"] = {"x", "z"};
    CHECK(stale(clone, lock)[0] == "//:gen: ./dir/z is new");
    clone.maker.trees["dir"] = {};
    CHECK(stale(clone, lock)[0] == "//:gen: it reads other files than before");
  }
  SUBCASE("a script") {
    clone.maker = {};
    add_nodes(clone.maker, "other");
    CHECK(stale(clone, lock)[0] == "//:cc: script, values or environment changed");
  }
  SUBCASE("a node that is new") {
    clone.maker.add({.name = "more", .inputs = {"link"}});
    CHECK(stale(clone, lock) == Names{"//:more: not in devgraph.lock"});
  }
}

TEST_CASE("a node that made other bytes is another input for those who read it") {
  Built world;
  LockFile lock = lock_of(world);
  lock.nodes["//:cc"].outputs[0].second.sha = sha256_of("other");
  World clone;
  put_sources(clone);
  add_nodes(clone.maker);
  CHECK(stale(clone, lock) == Names{"//:link: what it reads of other nodes changed"});
}

TEST_CASE("what is not fresh is not locked") {
  Built world;
  world.files.put("/w/a.c", "other");
  const Graph graph = world.maker.make();
  const Result<exec::NodeLocks> made = exec::lock_nodes(graph, world.files, all_of(graph));
  REQUIRE(made);
  CHECK(made->stale.size() == 2);
  CHECK(made->nodes.size() == 1);
  CHECK(made->sources.size() == 2);
  CHECK(made->nodes.contains("//:gen"));
}

TEST_CASE("keys are the same in every workspace") {
  Built here;
  Built there(7);
  CHECK(lock_of(here) == lock_of(there));
}
