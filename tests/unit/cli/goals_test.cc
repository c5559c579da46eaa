#include "engine/cli/goals.h"

#include <doctest/doctest.h>

#include "engine/cli/load_graph.h"
#include "tests/support/mem_files.h"
#include "tests/unit/cli/small_graph.h"

using namespace devgraph;
using namespace devgraph::cli;

namespace {

using Words = std::vector<std::string>;

Graph graph() {
  return small_graph({{"", "app", {{"py", "3.10"}}},
                      {"", "app", {{"py", "3.11"}}},
                      {"", "page", {}, {}, node_flags::kEffect},
                      {"", "image", {}, {}, 0, "images come later"},
                      {"sub", "default", {}},
                      {"sub", "lib", {}},
                      {"sub", "late", {}, {}, 0, {}, {3}}});
}

/// The chosen labels, or the faults.
struct Choice {
  Words labels;
  std::string faults;
};

Choice choose(const Words& words, const Options& options = {}, const std::string& project = "") {
  const Graph nodes = graph();
  MemFiles files;
  MemoryConsole console;
  Context context{
      .options = options, .files = files, .console = console, .environment = {}, .folder = "/"};
  const lang::Workspace workspace{"/", project};
  Choice choice;
  const auto labels = parse_labels(context, workspace, words);
  if (labels) {
    const auto goals = choose_goals(context, nodes, workspace, *labels);
    for (const NodeId id : goals.value_or(std::vector<NodeId>()))
      choice.labels.push_back(label_of(nodes, id));
  }
  refuse(context);
  choice.faults = console.err;
  return choice;
}

}  // namespace

TEST_CASE("labels select cells, families and projects") {
  CHECK(choose({"app@py=3.11"}).labels == Words{"//:app@py=3.11"});
  CHECK(choose({"app", "app@py=3.10"}).labels == Words{"//:app@py=3.10", "//:app@py=3.11"});
  CHECK(choose({"//sub:lib"}).labels == Words{"//sub:lib"});
  CHECK(choose({"lib"}, {}, "sub").labels == Words{"//sub:lib"});
}

TEST_CASE("without labels it is the default of the current project, never of another") {
  CHECK(choose({}, {}, "sub").labels == Words{"//sub:default"});
  Options options;
  options.except = {"image", "//sub:late"};
  CHECK(choose({}, options).labels ==
        Words{"//:app@py=3.10", "//:app@py=3.11", "//sub:default", "//sub:lib"});
}

TEST_CASE("--only and --except narrow what is chosen") {
  Options options;
  options.only = {"app@py=3.*"};
  options.except = {"app@py=3.10"};
  CHECK(choose({}, options).labels == Words{"//:app@py=3.11"});
  options.only = {"//sub:lib"};
  CHECK(choose({"app"}, options).faults ==
        "error[E906]: with --only and --except nothing is left to build\n"
        "   = they choose among the labels given, or among `default`\n");
}

TEST_CASE("an effect that is named is refused") {
  Options options;
  options.command = "build";
  CHECK(choose({"page"}, options).faults ==
        "error[E907]: `//:page` is an effect, and `devgraph build` carries none out\n"
        "   = to carry it out, write  devgraph release //:page\n"
        "   = declared at build.devgraph:7\n");
}

TEST_CASE("a node that cannot be run is refused, also when it is only needed") {
  CHECK(choose({"image"}).faults ==
        "error[E911]: `//:image` cannot be built: images come later\n"
        "   = declared at build.devgraph:7\n");
  CHECK(choose({"//sub:late"}).faults.starts_with("error[E911]: `//:image` cannot be built"));
}

TEST_CASE("labels that select nothing and words that are no labels are all named") {
  CHECK(choose({"ap", "app@py=4"}).faults ==
        "error[E906]: axis `py` of `//:app` has no value `4`; there is 3.10, 3.11\n"
        "   = `devgraph list` prints the labels there are\n\n"
        "error[E906]: no node `ap` in `//`; did you mean `app`?\n"
        "   = `devgraph list` prints the labels there are\n");
  CHECK(choose({"app@py", "//:"}).faults.find("error[E905]: `app@py`") != std::string::npos);
}

TEST_CASE("labels demand their projects, and wildcards all of them") {
  const lang::Workspace workspace{"/", "sub"};
  const auto demanded = [&](const Words& words) {
    std::vector<LabelPattern> labels;
    for (const std::string& word : words)
      labels.push_back(*parse_label(word, workspace.project));
    return demanded_projects(workspace, labels);
  };
  CHECK(demanded({}) == Words{"sub/..."});
  CHECK(demanded({"a", "b", "//other:c"}) == Words{"other", "sub"});
  CHECK(demanded({"//..."}) == Words{"..."});
  CHECK(demanded({"//x/...:a"}) == Words{"x/..."});
  CHECK(demanded({"//x*:a"}) == Words{"..."});
}
