#include "engine/cli/complete.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/cli/small_graph.h"

using namespace devgraph;
using namespace devgraph::cli;

namespace {

using Words = std::vector<std::string>;

Graph graph() {
  return small_graph({{"", "app", {{"py", "3.10"}, {"arch", "x86_64"}}, "The wheels."},
                      {"", "app", {{"py", "3.11"}, {"arch", "x86_64"}}},
                      {"", "app", {{"py", "3.11"}, {"arch", "arm 64"}}},
                      {"", "suite", {}},
                      {"sub", "lib", {}}});
}

Words texts(const std::vector<Candidate>& candidates) {
  Words words;
  for (const Candidate& candidate : candidates)
    words.push_back(candidate.text);
  return words;
}

Words complete_words(const Words& words) {
  const Graph nodes = graph();
  return texts(complete(words, [&](std::string&) { return &nodes; }));
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("commands, options and their values are completed") {
  CHECK(complete_words({"ch"}) == Words{"check"});
  CHECK(complete_words({"-C", "sub", "ch"}) == Words{"check"});
  CHECK(complete_words({""}).size() == 28);
  CHECK(complete_words({"build", "--ke"}) == Words{"--keep-going"});
  CHECK(complete_words({"build", "--color", "a"}) == Words{"auto", "always"});
  CHECK(complete_words({"build", "--sandbox="}) ==
        Words{"--sandbox=on", "--sandbox=require", "--sandbox=off"});
  CHECK(complete_words({"check", "--format=s"}) == Words{"--format=sarif"});
  CHECK(complete_words({"build", "-j", ""}).empty());
  CHECK(complete_words({"completion", "z"}) == Words{"zsh"});
  CHECK(has(complete_words({"explain", "E90"}), "E901"));
  CHECK(complete_words({"nonsense", ""}).empty());
}

TEST_CASE("labels of this project are offered by name, all in full form") {
  CHECK(complete_words({"build", ""}) == Words{"app", "suite"});
  CHECK(complete_words({"build", "-k", "su"}) == Words{"suite"});
  CHECK(complete_words({"build", ":a"}) == Words{":app"});
  CHECK(complete_words({"build", "//"}) == Words{"//:app", "//:suite", "//sub:lib"});
  CHECK(complete_words({"build", "//s"}) == Words{"//sub:lib"});
  CHECK(complete_words({"list", "s"}) == Words{"suite", "std"});
}

TEST_CASE("axes are offered one after the other, with the values that cells have") {
  CHECK(complete_words({"build", "app@"}) == Words{"app@py=", "app@arch="});
  CHECK(complete_words({"build", "app@py="}) == Words{"app@py=3.10", "app@py=3.11"});
  CHECK(complete_words({"build", "app@py=3.11,"}) == Words{"app@py=3.11,arch="});
  CHECK(complete_words({"build", "app@py=3.10,arch="}) == Words{"app@py=3.10,arch=x86_64"});
  CHECK(complete_words({"why", "//:app@arch=a"}) == Words{"//:app@arch=arm%2064"});
  CHECK(complete_words({"build", "nothing@"}).empty());
}

TEST_CASE("candidates carry their docs") {
  const Graph nodes = graph();
  const std::vector<Candidate> candidates = complete_label(nodes, "", "a");
  REQUIRE_FALSE(candidates.empty());
  CHECK(candidates[0].doc == "The wheels.");
}

TEST_CASE("a line is split as the shell does it") {
  CHECK(split_line("devgraph build a") == Words{"devgraph", "build", "a"});
  CHECK(split_line("devgraph  build ") == Words{"devgraph", "build", ""});
  CHECK(split_line("devgraph -C 'a b' \"c d\" e\\ f") ==
        Words{"devgraph", "-C", "a b", "c d", "e f"});
  CHECK(split_line("") == Words{""});
}

TEST_CASE("bash gets what stands behind the last break character") {
  const std::string breaks = " \t\n\"'@><=;|&(:";
  CHECK(after_last_break("//sub:l", "//sub:lib", breaks) == "lib");
  CHECK(after_last_break("app@py=", "app@py=3.11", breaks) == "3.11");
  CHECK(after_last_break("ap", "app", breaks) == "app");
  CHECK(after_last_break("app@p", "app@py=", breaks) == "@py=");
  CHECK(after_last_break("app@py=3.11,a", "app@py=3.11,arch=", breaks) == "3.11,arch=");
}
