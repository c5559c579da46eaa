#include "engine/graph/image_names.h"

#include <doctest/doctest.h>

#include "engine/graph/builder.h"

using namespace devgraph;

namespace {

/// A node that names one of the images `a`, `b`, ….
struct Naming {
  const char* action;
  char image;
  std::vector<const char*> names;  ///< Of a push: `to`.
  std::vector<const char*> tags{};
  bool hashed = false;
};

std::optional<ImageNameClash> clash_of(const std::vector<Naming>& namings) {
  GraphBuilder b;
  const auto texts = [&](const std::vector<const char*>& words) {
    std::vector<ValueId> items;
    for (const char* word : words)
      items.push_back(b.string(word));
    return b.list(ValueTag::List, items);
  };
  std::vector<InputId> images;
  for (const char name : {'a', 'b'}) {
    const NodeId id = b.add_node();
    Node row;
    row.name = b.str(std::string(1, name));
    row.args = b.map({});
    row.counts_with = id;
    row.outputs = b.add_outputs(id, {{.field = b.str("out"), .path = row.name}});
    images.push_back(
        b.add_input({.kind = InputKind::Output, .ref = row.outputs.first, .name = b.str("x")}));
    b.set_node(id, row);
  }
  for (const Naming& one : namings) {
    const NodeId id = b.add_node();
    Node row;
    const ValueId out = b.input(images[static_cast<std::size_t>(one.image - 'a')]);
    // As a node, or as a record of its outputs.
    const ValueId image = one.hashed ? out : b.map({{b.str("out"), out}});
    row.name = b.str("n" + std::to_string(index_of(id)));
    row.kind = ActionKind::Native;
    row.action = b.str(one.action);
    row.args = b.map({{b.str("image"), image},
                      {b.str("hashed"), b.boolean(one.hashed)},
                      {b.str(row.action == b.str("push") ? "to" : "names"), texts(one.names)},
                      {b.str("tags"), texts(one.tags)}});
    row.counts_with = id;
    b.set_node(id, row);
  }
  return find_image_name_clash(b.finish());
}

}  // namespace

TEST_CASE("one name for two images is found, in each place where names are") {
  const auto clash = clash_of({{"image_tag", 'a', {"lab/x:1", "lab/x:2"}},
                               {"image_tag", 'a', {"lab/x:2"}},
                               {"image_tag", 'b', {"lab/y:1", "lab/x:2"}}});
  REQUIRE(clash);
  CHECK(index_of(clash->first) == 2);
  CHECK(index_of(clash->second) == 4);
  CHECK(clash->name == "lab/x:2");

  struct Case {
    const char* name;
    std::vector<Naming> namings;
    bool clashes;
  };
  const Case cases[] = {
      {"no tag is latest",
       {{"docker_load", 'a', {"host:5000/x"}}, {"docker_load", 'b', {"host:5000/x:latest"}}},
       true},
      {"the usual registry goes without saying",
       {{"docker_load", 'a', {"docker.io/library/x:1"}}, {"docker_load", 'b', {"x:1"}}},
       true},
      {"pushed with tags",
       {{"push", 'a', {"r/x"}, {"1", "2"}}, {"push", 'b', {"r/y", "r/x:2"}, {}}},
       true},
      {"pushed to different repositories",
       {{"push", 'a', {"r/x"}, {"1"}}, {"push", 'b', {"r/y"}, {"1"}}},
       false},
      {"the same image in all places",
       {{"push", 'a', {"r/x:1"}}, {"push", 'a', {"r/x:1"}}, {"docker_load", 'a', {"r/x:1"}}},
       false},
      {"here one processor, there the index",
       {{"push", 'a', {"r/x:1"}}, {"docker_load", 'b', {"r/x:1"}}},
       false},
      {"named after what they are",
       {{"image_tag", 'a', {"x:"}, {}, true}, {"image_tag", 'b', {"x:"}, {}, true}},
       false},
      {"promoting is giving another image's name",
       {{"push", 'a', {"r/x:prod"}}, {"promote", 'b', {"r/x:prod"}}},
       false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(clash_of(c.namings).has_value() == c.clashes);
  }
}
