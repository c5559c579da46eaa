#include "engine/graph/order.h"

#include <doctest/doctest.h>

#include "engine/graph/builder.h"

using namespace devgraph;

namespace {

/// Nodes 0…n-1, each with one output `out/<i>`; edges[i] are the nodes that i needs.
Graph graph_of(const std::vector<std::vector<std::uint32_t>>& edges, bool by_after = false) {
  GraphBuilder b;
  for (std::size_t i = 0; i < edges.size(); ++i)
    b.add_node();
  std::vector<Node> rows(edges.size());
  std::vector<InputId> made;
  for (std::uint32_t i = 0; i < edges.size(); ++i) {
    rows[i].name = b.str("n" + std::to_string(i));
    rows[i].counts_with = NodeId(i);
    rows[i].outputs = b.add_outputs(
        NodeId(i), {{.field = b.str("out"), .path = b.str("out/" + std::to_string(i))}});
    made.push_back(
        b.add_input({.kind = InputKind::Output, .ref = rows[i].outputs.first, .name = b.str("x")}));
  }
  for (std::uint32_t i = 0; i < edges.size(); ++i) {
    std::vector<InputId> inputs;
    std::vector<NodeId> after;
    for (const std::uint32_t need : edges[i]) {
      if (by_after) {
        after.push_back(NodeId(need));
      } else {
        inputs.push_back(made[need]);
      }
    }
    rows[i].inputs = b.inputs(inputs);
    rows[i].after = b.node_ids(after);
    b.set_node(NodeId(i), rows[i]);
  }
  return b.finish();
}

std::vector<std::uint32_t> numbers(const std::vector<NodeId>& ids) {
  std::vector<std::uint32_t> out;
  for (const NodeId id : ids)
    out.push_back(index_of(id));
  return out;
}

}  // namespace

TEST_CASE("needed_order gives the goals and what they need, needs first") {
  const Graph graph = graph_of({{1, 2}, {3}, {3}, {}, {0}});
  const NodeId goals[] = {NodeId{0}};
  CHECK(numbers(needed_order(graph, goals)) == std::vector<std::uint32_t>{3, 1, 2, 0});
}

TEST_CASE("a cycle is found with its members in order of need, also through after") {
  for (const bool by_after : {false, true}) {
    CAPTURE(by_after);
    const Graph graph = graph_of({{1}, {2}, {3}, {1}}, by_after);
    const auto cycle = find_cycle(graph);
    REQUIRE(cycle);
    CHECK(numbers(*cycle) == std::vector<std::uint32_t>{1, 2, 3});
  }
  CHECK_FALSE(find_cycle(graph_of({{1, 2}, {2}, {}})));
  CHECK(find_cycle(graph_of({{0}})));
}

TEST_CASE("a chain of a million nodes needs no stack") {
  constexpr std::uint32_t kLength = 1'000'000;
  std::vector<std::vector<std::uint32_t>> edges(kLength);
  for (std::uint32_t i = 0; i + 1 < kLength; ++i)
    edges[i] = {i + 1};
  const Graph graph = graph_of(edges);
  CHECK_FALSE(find_cycle(graph));
  const NodeId goals[] = {NodeId{0}};
  CHECK(needed_order(graph, goals).size() == kLength);
}

TEST_CASE("outputs that meet are found") {
  const auto clash_of = [](const char* first, const char* second) {
    GraphBuilder b;
    for (const char* path : {first, second}) {
      const NodeId id = b.add_node();
      Node row;
      row.name = b.str(path);
      row.counts_with = id;
      row.outputs = b.add_outputs(id, {{.path = b.str(path)}});
      b.set_node(id, row);
    }
    return find_output_clash(b.finish());
  };
  CHECK(clash_of("out/a", "out/a/b")->path == "out/a");
  CHECK(clash_of("out/a/b/c", "out/a")->path == "out/a");
  CHECK_FALSE(clash_of("out/a", "out/a-b"));
  CHECK_FALSE(clash_of("out/a.x", "out/a"));
}
