#include "engine/cli/spare_images.h"

#include <doctest/doctest.h>

using namespace devgraph;
using namespace devgraph::cli;
using actions::Placed;

namespace {

Placed in_docker(const char* name, const char* id) {
  return {"docker", "E1", "", "//:x", name, {id, std::string("manifest of ") + id}};
}

Placed in_podman(const char* name, const char* id) {
  return {"podman", "/var/lib/containers/storage", "", "//:x", name, {id}};
}

/// `id name`, or `id` alone; what is left with `in use` or `given away` behind it.
std::vector<std::string> shown(const ImagePlan& plan) {
  std::vector<std::string> made;
  for (const SpareImage& one : plan.spare)
    made.push_back(one.name.empty() ? one.id : one.id + " " + one.name);
  for (const LeftImage& one : plan.left) {
    const bool in_use = one.why == LeftImage::Why::InUse;
    made.push_back(one.id + (in_use ? " in use" : " given away"));
  }
  return made;
}

}  // namespace

TEST_CASE("images that no node holds may go, and nothing that others named") {
  struct Case {
    const char* name;
    std::vector<Placed> placed;
    EngineImages now;
    std::set<std::string> held;
    std::vector<std::string> want;
    std::size_t settled;  ///< If all that may go went: not counted here, the state is `now`.
  };
  const Case cases[] = {
      {"what the graph holds", {in_docker("a:1", "X")}, {{{"X", "a:1"}}, {}}, {"a:1"}, {}, 0},
      {"an earlier one",
       {in_docker("a:1", "X"), in_docker("a:1", "Y")},
       {{{"X", ""}, {"Y", "a:1"}}, {}},
       {"a:1"},
       {"X"},
       0},
      {"by the other of its ids",
       {in_docker("a:1", "X"), in_docker("a:1", "Y")},
       {{{"manifest of X", ""}, {"manifest of Y", "a:1"}}, {}},
       {"a:1"},
       {"manifest of X"},
       0},
      {"a name of no node",
       {in_docker("a", "X")},
       {{{"X", "a:latest"}}, {}},
       {},
       {"X a:latest"},
       0},
      {"its registry goes without saying",
       {in_docker("docker.io/library/a:1", "X")},
       {{{"X", "a:1"}}, {}},
       {},
       {"X a:1"},
       0},
      {"one of two names, the other of a node",
       {in_docker("a:1", "X"), in_docker("b:1", "X")},
       {{{"X", "a:1"}, {"X", "b:1"}}, {}},
       {"b:1"},
       {"X a:1"},
       0},
      {"beside the name of a neighbour",
       {in_docker("a:1", "X")},
       {{{"X", "a:1"}, {"X", "theirs:1"}, {"Z", ""}, {"Z2", "z:1"}}, {}},
       {},
       {"X a:1"},
       0},
      {"an earlier one that a neighbour named",
       {in_docker("a:1", "X"), in_docker("a:1", "Y")},
       {{{"X", "theirs:1"}, {"Y", "a:1"}}, {}},
       {"a:1"},
       {},
       1},
      {"a neighbour's image under our name",
       {in_docker("a:1", "X")},
       {{{"Z", "a:1"}}, {}},
       {},
       {"Z given away"},
       1},
      {"a neighbour's image under the name of a node",
       {in_docker("a:1", "X")},
       {{{"X", ""}, {"Z", "a:1"}}, {}},
       {"a:1"},
       {},
       0},
      {"an earlier one of a name of no node, put back under it",
       {in_docker("a:1", "X"), in_docker("a:1", "Y")},
       {{{"X", "a:1"}, {"Y", ""}}, {}},
       {},
       {"X a:1", "Y"},
       0},
      {"in use",
       {in_docker("a:1", "X"), in_docker("b:1", "Y"), in_docker("b:1", "Y2")},
       {{{"X", "a:1"}, {"Y", ""}, {"Y2", "b:1"}}, {"X", "Y"}},
       {"b:1"},
       {"X in use", "Y in use"},
       0},
      {"not there any more", {in_docker("a:1", "X")}, {{{"Z", "z:1"}}, {}}, {}, {}, 1},
      {"not loaded yet, and of a node", {in_docker("a:1", "X")}, {{}, {}}, {"a:1"}, {}, 0},
      {"podman writes localhost",
       {in_podman("a", "X"), in_podman("u/b:1", "X"), in_podman("r.org/c:1", "X")},
       {{{"X", "localhost/a:latest"}, {"X", "localhost/u/b:1"}, {"X", "r.org/c:1"}}, {}},
       {"r.org/c:1"},
       {"X localhost/u/b:1", "X localhost/a:latest"},
       0},
      {"in podman two registries are two names",
       {in_podman("a:1", "X"), in_podman("docker.io/library/b:1", "X")},
       {{{"X", "docker.io/library/a:1"}, {"X", "docker.io/library/b:1"}, {"X", "localhost/b:1"}},
        {}},
       {},
       {"X docker.io/library/b:1"},
       1},
      {"a node says localhost, where one did not before",
       {in_podman("a:1", "X"), in_podman("localhost/a:1", "X")},
       {{{"X", "localhost/a:1"}}, {}},
       {"localhost/a:1"},
       {},
       0},
      {"in docker these are two",
       {in_docker("a:1", "X"), in_docker("localhost/a:1", "X")},
       {{{"X", "a:1"}, {"X", "localhost/a:1"}}, {}},
       {"localhost/a:1"},
       {"X a:1"},
       0},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(shown(plan_images(c.placed, c.now, c.held)) == c.want);
    CHECK(settled_images(c.placed, c.now, c.held).size() == c.settled);
  }
}

TEST_CASE("a name that nobody else gives is ours whatever it stands for") {
  Placed unknown = in_docker("ours:1", "X");
  unknown.ids.clear();
  const EngineImages now{{{"N", "ours:1"}, {"Z", ""}}, {}};
  CHECK(shown(plan_images({unknown}, now, {})) == std::vector<std::string>{"N ours:1"});
  CHECK(shown(plan_images({unknown}, now, {"ours:1"})).empty());
  CHECK(settled_images({unknown}, now, {}).empty());
  CHECK(settled_images({unknown}, {{{"Z", ""}}, {}}, {}).size() == 1);
}
