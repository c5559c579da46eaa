#include "engine/graph/label.h"

#include <doctest/doctest.h>

#include "engine/graph/builder.h"

using namespace devgraph;

namespace {

/// //:app, //sub:suite@py=3.10|3.11, //sub:suite/_hidden, //sub:push (effect), let default = [app].
Graph labelled_graph() {
  GraphBuilder b;
  const auto add = [&](const char* project, const char* name, const char* py, std::uint32_t flags) {
    const NodeId id = b.add_node();
    Node row;
    row.project = b.str(project);
    row.name = b.str(name);
    if (py != nullptr) row.axes = b.axis_values({{b.str("py"), b.str(py)}});
    row.flags = flags;
    row.counts_with = id;
    b.set_node(id, row);
    return id;
  };
  const NodeId app = add("", "app", nullptr, 0);
  add("sub", "suite", "3.10", 0);
  add("sub", "suite", "3.11", 0);
  add("sub", "suite/_hidden", nullptr, node_flags::kPrivate);
  add("sub", "push", nullptr, node_flags::kEffect);
  b.add_target({.kind = TargetKind::Let, .name = b.str("default"), .nodes = b.node_ids({app})});
  b.add_project("");
  b.add_project("sub");
  return b.finish();
}

std::string chosen(const Graph& graph, std::string_view label, std::string_view current = "") {
  const Result<LabelPattern> pattern = parse_label(label, current);
  if (!pattern) return pattern.error().message;
  const Result<std::vector<NodeId>> nodes = select(graph, *pattern);
  if (!nodes) return nodes.error().message;
  std::string text;
  for (const NodeId id : *nodes)
    text += (text.empty() ? "" : " ") + label_of(graph, id);
  return text;
}

}  // namespace

TEST_CASE("labels select what they say") {
  const Graph graph = labelled_graph();
  struct Case {
    const char* label;
    const char* current;
    const char* want;
  };
  const Case cases[] = {
      {"app", "", "//:app"},
      {":app", "", "//:app"},
      {"//:app", "sub", "//:app"},
      {"default", "", "//:app"},
      {"suite", "sub", "//sub:suite@py=3.10 //sub:suite@py=3.11"},
      {"suite@py=3.11", "sub", "//sub:suite@py=3.11"},
      {"//sub:suite@py=3.*", "", "//sub:suite@py=3.10 //sub:suite@py=3.11"},
      {"//sub", "", "//sub:suite@py=3.10 //sub:suite@py=3.11"},
      {"//...", "", "//:app //sub:suite@py=3.10 //sub:suite@py=3.11"},
      {"//sub/...:s*", "", "//sub:suite@py=3.10 //sub:suite@py=3.11"},
      {"...", "sub", "//sub:suite@py=3.10 //sub:suite@py=3.11"},
      {"@py=3.10", "sub", "//sub:suite@py=3.10"},
      {"suite/_hidden", "sub", "//sub:suite/_hidden"},
      {"push", "sub", "//sub:push"},
      {"p*", "sub", "//sub:push"},
      {"ap", "", "no node `ap` in `//`; did you mean `app`?"},
      {"//sup:suite", "", "no project `//sup`; did you mean `//sub`?"},
      {"suite@pi=3.11", "sub", "`//sub:suite` has no axis `pi`; did you mean `py`?"},
      {"suite@py=3.9", "sub", "axis `py` of `//sub:suite` has no value `3.9`; there is 3.10, 3.11"},
      {"app@py=1", "", "`//:app` has no axes"},
      {"suite@py", "sub", "`suite@py`: axes are written @axis=value,axis=value"},
      {"sub:suite", "", "`sub:suite`: a project is written with two slashes: //sub:suite"},
      {"//../x:a", "", "`//../x:a`: a project is a folder below the workspace"},
      {"//sub:", "", "`//sub:`: a name is missing behind the colon"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.label);
    CHECK(chosen(graph, c.label, c.current) == c.want);
  }
}

TEST_CASE("a word that names nothing may be a project") {
  const Graph graph = labelled_graph();
  const auto chosen_of = [&](const char* word, const char* folder) {
    LabelPattern pattern = parse_label(word, "").value();
    pattern.folder = folder;
    const Result<std::vector<NodeId>> nodes = select(graph, pattern);
    return nodes ? label_of(graph, nodes->front()) : nodes.error().message;
  };
  CHECK(chosen_of("sub", "sub") == "//sub:suite@py=3.10");
  CHECK(chosen_of("sub@py=3.11", "sub") == "//sub:suite@py=3.11");
  CHECK(chosen_of("app", "sub") == "//:app");
  CHECK(chosen_of("sup", "sup") == "no project `//sup`; did you mean `//sub`?");
}

TEST_CASE("wildcards") {
  CHECK(wildcard_match("*", ""));
  CHECK(wildcard_match("a*c*e", "abcde"));
  CHECK(wildcard_match("a*a", "aa"));
  CHECK_FALSE(wildcard_match("a*a", "a"));
  CHECK_FALSE(wildcard_match("a", "ab"));
  CHECK(wildcard_match("**a", "bca"));
}

TEST_CASE("labels that are printed parse to the node they name") {
  GraphBuilder b;
  const NodeId id = b.add_node();
  Node row;
  row.name = b.str("n");
  row.axes = b.axis_values({{b.str("a"), b.str("x,y=%/\n")}, {b.str("b"), b.str("")}});
  row.counts_with = id;
  b.set_node(id, row);
  b.add_project("");
  const Graph graph = b.finish();
  CHECK(label_of(graph, id) == "//:n@a=x%2Cy%3D%25%2F%0A,b=%");
  CHECK(chosen(graph, label_of(graph, id)) == label_of(graph, id));
  CHECK(log_stem(graph, id) == "n@a=x%2Cy%3D%25%2F%0A,b=%");
}
