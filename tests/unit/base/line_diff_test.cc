#include "engine/base/line_diff.h"

#include <doctest/doctest.h>

namespace devgraph {
namespace {

std::string diff(std::string_view before, std::string_view after) {
  return unified_diff(before, after, "a", "b");
}

TEST_CASE("a diff shows what changed, with three lines around it") {
  struct Case {
    const char* name;
    const char* before;
    const char* after;
    const char* want;
  };
  const Case cases[] = {
      {"equal", "x\n", "x\n", ""},
      {"both empty", "", "", ""},
      {"a new file", "", "x\ny\n", "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n"},
      {"a line less", "x\ny\n", "y\n", "--- a\n+++ b\n@@ -1,2 +1 @@\n-x\n y\n"},
      {"the newline at the end", "x", "x\n",
       "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"},
      {"one of many", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nV\n6\n7\n8\n9\n",
       "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+V\n 6\n 7\n 8\n"},
      {"far apart", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "I\n2\n3\n4\n5\n6\n7\n8\nIX\n",
       "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+I\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+IX\n"},
      {"what is common is found", "a\nb\nc\n", "b\nc\nd\n",
       "--- a\n+++ b\n@@ -1,3 +1,3 @@\n-a\n b\n c\n+d\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(diff(c.before, c.after) == c.want);
  }
}

TEST_CASE("texts of very many lines differ as a whole") {
  std::string before, after;
  for (int i = 0; i < 3000; ++i) {
    before += "x" + std::to_string(i) + "\n";
    after += "y" + std::to_string(i) + "\n";
  }
  const std::string text = diff(before, after);
  CHECK(text.starts_with("--- a\n+++ b\n@@ -1,3000 +1,3000 @@\n-x0\n"));
  CHECK(text.ends_with("+y2999\n"));
}

}  // namespace
}  // namespace devgraph
