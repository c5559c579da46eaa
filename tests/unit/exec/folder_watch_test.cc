#include "engine/exec/folder_watch.h"

#include <doctest/doctest.h>

#include "tests/support/graph_maker.h"
#include "tests/support/mem_files.h"

using namespace devgraph;
using exec::FolderWatch;

namespace {

/// `reader` has the folder `src`, in which `made` and `deep` make something.
struct Watched {
  MemFiles files;
  GraphMaker maker;
  Graph graph = make();
  TreeId tree = exec::seen_trees(graph, node_named(graph, "//:reader")).at(0);
  FolderWatch watch{graph, files, "/w"};
  std::int64_t started = 0;

  Graph make() {
    files.put("/w/src/a", "a");
    files.put("/w/src/sub/b", "b");
    maker.trees["src"] = {"a", "sub/b"};
    maker.add({.name = "reader", .inputs = {"./src/"}});
    maker.add({.name = "made", .outputs = {"./src/made"}});
    maker.add({.name = "deep", .outputs = {"./src/new/folder/deep"}});
    return maker.make();
  }

  void begin(const std::vector<std::string>& open) {
    std::vector<NodeId> nodes;
    for (const std::string& label : open)
      nodes.push_back(node_named(graph, label));
    const std::int64_t keys = files.now();
    files.advance(1'000'000'000);
    watch.begin(nodes, keys);
    files.advance(1'000'000'000);
    started = files.now();
  }
};

}  // namespace

TEST_CASE("a folder in which nothing happens has not changed") {
  Watched w;
  w.begin({"//:reader"});
  w.files.put("/w/src/a", "written, which others see to");
  CHECK_FALSE(w.watch.changed(w.tree, w.started));
}

TEST_CASE("names that come or go are seen, wherever they do, and whenever") {
  Watched w;
  w.begin({"//:reader", "//:made", "//:deep"});
  std::string folder = "src";
  SUBCASE("one came") {
    w.files.put("/w/src/came", "");
  }
  SUBCASE("one went") {
    w.files.erase("/w/src/a");
  }
  SUBCASE("a folder below") {
    w.files.put("/w/src/sub/came", "");
    folder = "src/sub";
  }
  SUBCASE("before the run") {
    w.files.put("/w/src/came", "");
    w.started = w.files.now() + 1'000'000'000;
  }
  SUBCASE("while we made something there") {
    w.files.put("/w/src/came", "");
    w.files.put("/w/src/made", "");
  }
  SUBCASE("the folder itself") {
    w.files.erase("/w/src/sub");
    w.files.put("/w/src/sub/other", "");
  }
  const std::optional<FolderWatch::Change> change = w.watch.changed(w.tree, w.started);
  REQUIRE(change);
  CHECK(change->differs);
  CHECK((change->folder == folder || change->folder == "src/sub"));
}

TEST_CASE("names that came and went meanwhile count for the runs that were there") {
  Watched w;
  w.begin({"//:reader"});
  w.files.put("/w/src/came", "");
  w.files.erase("/w/src/came");
  const std::optional<FolderWatch::Change> change = w.watch.changed(w.tree, w.started);
  REQUIRE(change);
  CHECK_FALSE(change->differs);
  CHECK_FALSE(w.watch.changed(w.tree, w.files.now() + 1));
}

TEST_CASE("what the nodes of the build make there does not count, whenever it lands") {
  Watched w;
  w.begin({"//:reader", "//:made", "//:deep"});
  w.files.put("/w/src/new/folder/deep", "");
  CHECK_FALSE(w.watch.changed(w.tree, w.started));
  w.files.put("/w/src/.devgraph-part-1", "");
  CHECK_FALSE(w.watch.changed(w.tree, w.started));
  w.files.erase("/w/src/.devgraph-part-1");
  w.files.put("/w/src/made", "");
  CHECK_FALSE(w.watch.changed(w.tree, w.started));
  w.files.erase("/w/src/made");
  CHECK_FALSE(w.watch.changed(w.tree, w.started));
}

TEST_CASE("a name that came between the keys and the first look is not missed") {
  Watched w;
  const std::int64_t keys = w.files.now();
  w.files.put("/w/src/came", "");
  w.watch.begin(std::vector<NodeId>{node_named(w.graph, "//:reader")}, keys);
  const std::optional<FolderWatch::Change> change = w.watch.changed(w.tree, w.files.now());
  REQUIRE(change);
  CHECK(change->differs);
}

TEST_CASE("nobody looks at folders that no node to run sees as they are") {
  Watched w;
  w.files.reset_counts();
  w.begin({"//:made"});
  CHECK(w.files.count(MemFiles::Call::Stat) == 0);
  CHECK(w.files.count(MemFiles::Call::List) == 0);
  GraphMaker copies;
  copies.trees["src"] = {"a"};
  Traits traits;
  traits.cwd = Cwd::Inputs;
  copies.add({.name = "copies", .inputs = {"./src/"}, .traits = traits});
  const Graph graph = copies.make();
  CHECK(exec::seen_trees(graph, NodeId{0}).empty());
}
