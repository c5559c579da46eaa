#include "engine/graph/builder.h"

#include <cstring>
#include <memory>

#include <doctest/doctest.h>

using namespace devgraph;

namespace {

/// Two nodes: `make` writes a file from a source, `use[py]` reads it.
Graph small_graph() {
  GraphBuilder b;
  const InputId source = b.add_input(
      {.kind = InputKind::Source, .ref = index_of(b.file("src/a.c")), .name = b.str("a.c")});
  const NodeId make = b.add_node();
  const NodeId use = b.add_node();
  Node row;
  row.name = b.str("make");
  row.project = b.str("src");
  row.rule = b.str("run");
  row.args = b.map({{b.str("dg1"), b.list(ValueTag::List, {b.input(source), b.integer(-3)})}});
  row.inputs = b.inputs({source});
  row.outputs = b.add_outputs(
      make, {{.field = b.str("out"), .declared = b.str("a.o"), .path = b.str("out/src/make/a.o")}});
  row.counts_with = make;
  b.set_node(make, row);

  const InputId object =
      b.add_input({.kind = InputKind::Output, .ref = row.outputs.first, .name = b.str("a.o")});
  Node user;
  user.name = b.str("use");
  user.axes = b.axis_values({{b.str("py"), b.str("3.11")}});
  user.inputs = b.inputs({object});
  user.traits = b.traits({.timeout_ms = 1000, .ok = b.numbers({0, 5})});
  user.counts_with = use;
  b.set_node(use, user);
  b.set_out_root("out");
  b.add_project("src");
  b.add_read({ReadOp::Env, b.str("CC"), digest_of("gcc")});
  return b.finish();
}

}  // namespace

TEST_CASE("a finished graph says what the builder was told") {
  const Graph graph = small_graph();
  REQUIRE(graph.node_count() == 2);
  CHECK(label_of(graph, NodeId{0}) == "//src:make");
  CHECK(label_of(graph, NodeId{1}) == "//:use@py=3.11");
  CHECK(graph.producer(graph.inputs(NodeId{1})[0]) == NodeId{0});
  CHECK_FALSE(graph.producer(graph.inputs(NodeId{0})[0]));
  CHECK(graph.str(graph.outputs(NodeId{0})[0].path) == "out/src/make/a.o");
  CHECK(graph.ok_codes(graph.traits_of(NodeId{1})).size() == 2);
  CHECK(graph.traits_of(NodeId{0}).weight == 1);
  CHECK(graph.out_root() == "out");
  CHECK(graph.reads()[0].digest == digest_of("gcc"));
  const ValueId words = find_field(graph, graph.node(NodeId{0}).args, "dg1").value();
  const auto items = graph.items(graph.value(words));
  CHECK(graph.value(items[0]).tag == ValueTag::Input);
  CHECK(graph.value(items[1]).a == 0xFFFFFFFD);
  CHECK(graph.value(items[1]).b == 0xFFFFFFFF);
}

TEST_CASE("equal strings, values, inputs and runs are stored once") {
  GraphBuilder b;
  CHECK(b.str("x") == b.str("x"));
  CHECK(b.str("") == StrId{0});
  CHECK(b.list(ValueTag::List, {b.string("a"), b.none()}) ==
        b.list(ValueTag::List, {b.string("a"), b.none()}));
  CHECK(b.list(ValueTag::List, {b.string("a")}) != b.list(ValueTag::Join, {b.string("a")}));
  CHECK(b.file("p") == b.file("p"));
  CHECK(b.traits({.weight = 2}) == b.traits({.weight = 2}));
  CHECK(b.node_ids({NodeId{1}, NodeId{2}}).first == b.node_ids({NodeId{1}, NodeId{2}}).first);
}

TEST_CASE("the same telling gives the same bytes, and bytes give the graph back") {
  const Graph one = small_graph();
  const Graph two = small_graph();
  CHECK(one.bytes() == two.bytes());
  const Result<Graph> again = Graph::from_bytes(std::string(one.bytes()));
  REQUIRE(again);
  CHECK(label_of(*again, NodeId{1}) == "//:use@py=3.11");
}

TEST_CASE("identities are kept with the graph they were added to") {
  const Graph plain = small_graph();
  CHECK(plain.identities().empty());
  std::vector<Identity> rows;
  for (std::uint64_t i = 0; i < plain.node_count(); ++i)
    rows.push_back({.label = Digest{i, 1}, .static_key = Digest{i, 2}});
  const Graph graph = plain.with_identities(rows);
  const Result<Graph> again = Graph::from_bytes(std::string(graph.bytes()));
  REQUIRE(again);
  REQUIRE(again->identities().size() == rows.size());
  CHECK(again->identities()[1].label == Digest{1, 1});
  CHECK(again->identities()[1].static_key == Digest{1, 2});
  CHECK(label_of(*again, NodeId{1}) == label_of(plain, NodeId{1}));
}

TEST_CASE("a block with any byte changed, or cut anywhere, is refused") {
  const Graph graph = small_graph();
  const std::string good(graph.bytes());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    CAPTURE(i);
    CHECK_FALSE(Graph::from_bytes(bad));
    CHECK_FALSE(Graph::from_bytes(good.substr(0, i)));
  }
  CHECK_FALSE(Graph::from_bytes(good + "x"));
}

TEST_CASE("a block of a later format is refused by number") {
  const Graph graph = small_graph();
  std::string bytes(graph.bytes());
  const std::uint32_t later = 99;
  std::memcpy(bytes.data() + 8, &later, sizeof(later));
  const Result<Graph> opened = Graph::from_bytes(bytes);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message == "graph block has format 99, this program reads format 5");
}
