#include "engine/cli/spare_builds.h"

#include <doctest/doctest.h>

using namespace devgraph;
using namespace devgraph::cli;

namespace {

const std::string kHere = "0123456789abcdef";

std::string built(const std::string& digit, const std::string& workspace = kHere) {
  return "devgraph/built:" + workspace + "-" + std::string(16, digit[0]);
}

/// Names, then images in the order in which they go, then what a container uses.
std::vector<std::string> shown(const BuildPlan& plan) {
  std::vector<std::string> made;
  for (const EngineImages::Row& one : plan.names)
    made.push_back(one.name);
  for (const BuiltImage& one : plan.images)
    made.push_back(one.id);
  for (const EngineImages::Row& one : plan.used)
    made.push_back(one.id + " in use");
  return made;
}

}  // namespace

TEST_CASE("of what builds left stays what a name or a container holds, with all below it") {
  struct Case {
    const char* name;
    std::vector<BuiltImage> built;  ///< Beside these the engine has `theirs`, which has no label.
    EngineImages now;
    std::vector<std::string> want;
  };
  const std::string held = built("1");
  const std::string loose = built("2");
  const std::string copy = built("1", std::string(16, 'e'));
  const BuiltImage base{"base", "", 9};
  const BuiltImage one{"one", "base", 1};
  const BuiltImage two{"two", "one", 1};
  const BuiltImage old{"old", "one", 1};
  const Case cases[] = {
      {"nothing", {}, {{{"theirs", ""}}, {}}, {}},
      {"the last result",
       {base, one, two},
       {{{"base", ""}, {"one", ""}, {"two", held}, {"theirs", ""}}, {}},
       {}},
      {"a stage of it, and one of another node",
       {base, one, two},
       {{{"base", ""}, {"one", held + "-1"}, {"two", loose + "-12"}}, {}},
       {loose + "-12", "two"}},
      {"beside an earlier one, which is upon the same layer",
       {base, one, two, old},
       {{{"base", ""}, {"one", ""}, {"two", held}, {"old", ""}}, {}},
       {"old"}},
      {"a failed build and its base",
       {base, one},
       {{{"base", ""}, {"one", ""}}, {}},
       {"one", "base"}},
      {"of a node that is gone: each image before the one below",
       {base, one, two},
       {{{"base", built("3")}, {"one", ""}, {"two", loose}}, {}},
       {built("3"), loose, "two", "one", "base"}},
      {"one of two names",
       {base, one},
       {{{"base", loose}, {"base", held}, {"one", ""}}, {}},
       {loose, "one"}},
      {"a layer that a neighbour named",
       {base, one, two},
       {{{"base", ""}, {"one", "mine:1"}, {"two", loose}}, {}},
       {loose, "two"}},
      {"a name that a neighbour gave to an image of theirs", {}, {{{"theirs", loose}}, {}}, {}},
      {"names of another workspace", {base}, {{{"base", copy}}, {}}, {}},
      {"a registry's name that ends as ours", {base}, {{{"base", "example.org/" + loose}}, {}}, {}},
      {"as podman writes names",
       {base, one, two},
       {{{"base", ""}, {"one", "localhost/" + loose}, {"two", "localhost/" + held}}, {}},
       {"localhost/" + loose}},
      {"in use",
       {base, one, old},
       {{{"base", ""}, {"one", ""}, {"old", ""}}, {"one"}},
       {"old", "one in use"}},
      {"in use, with a name",
       {base, one},
       {{{"base", ""}, {"one", loose}}, {"one"}},
       {"one in use"}},
      {"in use below a result that is held",
       {base, one, two},
       {{{"base", ""}, {"one", ""}, {"two", held}}, {"one"}},
       {}},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    CHECK(shown(plan_builds(test.built, test.now, kHere, {held})) == test.want);
  }
}
