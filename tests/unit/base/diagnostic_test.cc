#include "engine/base/diagnostic.h"

#include <doctest/doctest.h>

using namespace devgraph;

namespace {
struct Fixture {
  Sources sources;
  SourceId id = sources.add("build.devgraph",
                            "run a {\n\tdeps = [libx]\n  s = \"\xc3\xa4\xc3\xb6\" + y\n}\n");
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "a diagnostic shows place, excerpt, carets and the cure") {
  Diagnostics found;
  found
      .error("E203", {id, 17, 21}, "unknown name `libx`",
             "no such name; did you mean the node `lib`?")
      .helps = {"names are case-sensitive"};
  CHECK(render_text(found, sources, false) ==
        "error[E203]: unknown name `libx`\n"
        "  --> build.devgraph:2:10\n"
        " 2 |  deps = [libx]\n"
        "   |          ^^^^ no such name; did you mean the node `lib`?\n"
        "   = names are case-sensitive\n");
}

TEST_CASE_FIXTURE(Fixture,
                  "columns count characters, not bytes, and an empty range gets one caret") {
  Diagnostics found;
  found.error("E001", {id, 38, 38}, "here");
  CHECK(render_text(found, sources, false) ==
        "error[E001]: here\n"
        "  --> build.devgraph:3:14\n"
        " 3 |   s = \"\xc3\xa4\xc3\xb6\" + y\n"
        "   |              ^\n");
}

TEST_CASE_FIXTURE(Fixture, "diagnostics are sorted, said once, and cut at the limit") {
  Diagnostics found;
  found.error("E203", {id, 17, 21}, "second");
  found.warning("W701", {id, 0, 3}, "first");
  found.error("E203", {id, 17, 21}, "second");
  found.sort(sources);
  CHECK(found.all().size() == 2);
  CHECK(found.error_count() == 1);
  CHECK(render_text(found, sources, false, 1) ==
        "warning[W701]: first\n"
        "  --> build.devgraph:1:1\n"
        " 1 | run a {\n"
        "   | ^^^\n"
        "\n1 more not shown\n");
}

TEST_CASE_FIXTURE(Fixture, "json has the same facts") {
  Diagnostics found;
  found.error("E203", {id, 17, 21}, "unknown name `libx`", "label");
  const std::string json = render_json(found, sources);
  for (const char* part :
       {"\"code\": \"E203\"", "\"line\": 2", "\"column\": 10", "\"end_column\": 14",
        "\"file\": \"build.devgraph\"", "\"severity\": \"error\""}) {
    CAPTURE(part);
    CHECK(json.find(part) != std::string::npos);
  }
}
