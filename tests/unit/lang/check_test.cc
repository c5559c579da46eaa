#include "lang/check.h"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lang/resolve.h"
#include "tests/support/mem_files.h"

namespace devgraph::lang {
namespace {

/// All codes that a workspace of these files gives, in order.
std::vector<std::string> codes(const std::map<std::string, std::string>& texts,
                               bool lints = false) {
  MemFiles files;
  for (const auto& [path, text] : texts)
    files.put("/w/" + path, text);
  Sources sources;
  Diagnostics found;
  const Program program =
      resolve(sources, files, {.workspace = "/w", .projects = {"..."}, .jobs = 1}, found);
  check(program, sources, lints, found);
  found.sort(sources);
  std::vector<std::string> all;
  for (const Diagnostic& one : found.all())
    all.push_back(one.code);
  INFO(render_text(found, sources, false));
  return all;
}

std::vector<std::string> codes_of(const std::string& text) {
  return codes({{"build.devgraph", "devgraph 1\n" + text}});
}

}  // namespace

TEST_CASE("the standard library passes the checks that manifests pass") {
  MemFiles files;
  Sources sources;
  Diagnostics found;
  const Program program =
      resolve(sources, files, {.workspace = "/w", .projects = {}, .jobs = 1}, found);
  check_std(program, sources, found);
  CHECK_MESSAGE(found.all().empty(), render_text(found, sources, false));
  CHECK(program.find_rule(*program.modules().front(), "run"));
}

TEST_CASE("fits converts what the language reference lists, and nothing else") {
  const TypeRef file = simple(Kind::File);
  const TypeRef string = simple(Kind::String);
  const TypeRef node = node_of("run", {{"out", file}});
  const TypeRef silent = node_of("test", {});
  const TypeRef image = record_of({{"out", simple(Kind::Tree)}, {"digest", file}});
  const TypeRef made = node_of("dockerfile", {{"out", simple(Kind::Tree)}, {"digest", file}});
  const TypeRef family = family_of(node, {"py"}, {string});
  struct Case {
    const char* name;
    TypeRef from;
    TypeRef to;
    bool want;
  };
  const Case cases[] = {
      {"a node stands for its file", node, file, true},
      {"a node without output is no file", silent, file, false},
      {"one file is a list of files", file, list_of(file), true},
      {"a node is a list of files", node, list_of(file), true},
      {"a family is the list of its cells", family, list_of(file), true},
      {"a family is not one file", family, file, false},
      {"a list of families is a list of files", list_of(family), list_of(file), true},
      {"a list of lists of strings is no list of strings", list_of(list_of(string)),
       list_of(string), false},
      {"a node fits the record of its outputs", made, image, true},
      {"a node lacks an output of the record", node, image, false},
      {"a literal is a string", literal("a"), string, true},
      {"a string is no literal", string, literal("a"), false},
      {"a literal fits its set", literal("a"), union_of({literal("a"), literal("b")}), true},
      {"another literal does not", literal("c"), union_of({literal("a"), literal("b")}), false},
      {"a string is no path", string, simple(Kind::Path), false},
      {"a string is no file", string, file, false},
      {"a string is a text", string, simple(Kind::Text), true},
      {"a text is no string", simple(Kind::Text), string, false},
      {"none fits an optional", simple(Kind::None), optional_of(string), true},
      {"an optional is no value", optional_of(string), string, false},
      {"a record is a map if its fields fit", record_of({{"a", string}}), map_of(string), true},
      {"a map is no record", map_of(string), record_of({{"a", string}}), false},
      {"a record has no further fields", record_of({{"a", string}, {"b", string}}),
       record_of({{"a", string}}), false},
      {"an optional field may be absent", record_of({}), record_of({{"a", optional_of(string)}}),
       true},
      {"data may be a string", simple(Kind::Data), string, true},
      {"data is no file", simple(Kind::Data), file, false},
      {"a secret fits nothing else", simple(Kind::Secret), string, false},
      {"an int is no string", simple(Kind::Int), string, false},
      {"what is unknown fits everything", simple(Kind::Any), file, true},
      {"an empty list fits every list", list_of(simple(Kind::Never)), list_of(file), true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(fits(*c.from, *c.to) == c.want);
  }
}

TEST_CASE("one fault gives one message") {
  CHECK(codes_of("let a = nothing\nlet b = a + 1\nlet c = b.x[0]\n") ==
        std::vector<std::string>{"E203"});
}

TEST_CASE("what a broken declaration would have declared is not called unknown") {
  CHECK(codes_of("run a { $ true\n}\nlet x = a\nlet y = \"{x.out}\"\n") ==
        std::vector<std::string>{"E008"});
}

TEST_CASE("`in` asks lists of different types, too") {
  const std::string head =
      "axis on = [\"a\", \"b\"]\nlet of = { x = [\"a\", \"b\"], y = [\"a\"], z = [] }\n"
      "axis k = keys(of)\nlet mixed = { x = [\"a\"], y = [1] }\naxis m = keys(mixed)\n";
  CHECK(codes_of(head + "write w[k, on] where on in of[k] { text = k }\n").empty());
  CHECK(codes_of(head + "write w[m, on] where on in mixed[m] { text = m }\n") ==
        std::vector<std::string>{"E106"});
}

TEST_CASE("an optional is checked by if, and, ??, match and ?.") {
  const std::string head = "let t = git.tag\n";
  CHECK(codes_of(head + "let a = \"v{t}\"\n") == std::vector<std::string>{"E103"});
  CHECK(codes_of(head + "let a = if t != none then \"v{t}\" else \"\"\n").empty());
  CHECK(codes_of(head + "let a = if t == none then \"\" else \"v{t}\"\n").empty());
  CHECK(codes_of(head + "let a = t != none and starts(t, \"v\")\n").empty());
  CHECK(codes_of(head + "let a = t == none or starts(t, \"v\")\n").empty());
  CHECK(codes_of(head + "let a = t == none and starts(t, \"v\")\n") ==
        std::vector<std::string>{"E102"});
  CHECK(codes_of(head + "let a = if not (t == none) then \"v{t}\" else \"\"\n").empty());
  CHECK(codes_of(head + "let a = \"v{t ?? \"0\"}\"\n").empty());
  CHECK(codes_of(head + "let a = match t { none => \"\", _ => \"v{t}\" }\n").empty());
  CHECK(codes_of(head + "write a where t != none { text = t }\n").empty());
  CHECK(codes_of(head + "write a where t == none { text = t }\n") ==
        std::vector<std::string>{"E102"});
  CHECK(codes_of(head + "write a where t != none { text = \"x\" }\nwrite b { text = t }\n") ==
        std::vector<std::string>{"E103"});
}

TEST_CASE("what only a build does is refused of an effect") {
  const std::string copy = "copy_to a { files = ./x, to = \"~/y\", ";
  for (const char* field : {"retries = 2", "hints = { x = \"y\" }", "may_fail = true",
                            "network = false", "timeout = 5s", "pool = \"p\""}) {
    CAPTURE(field);
    CHECK(codes_of(copy + field + " }\n") == std::vector<std::string>{"E113"});
  }
  CHECK(codes_of(copy + "doc = \"text\" }\n").empty());
  const std::string own = "exec a {\n  apply =\n    $ true\n  ";
  CHECK(codes_of(own + "timeout = 5s\n}\n").empty());
  CHECK(codes_of(own + "retries = 2\n}\n") == std::vector<std::string>{"E113"});
}

TEST_CASE("an empty list is one of any type") {
  const std::string head = "let t = git.tag\nfn of(list: [string]) -> int = len(list)\n";
  CHECK(codes_of(head + "let a = of(if t != none then [t] else [])\n").empty());
  CHECK(codes_of(head + "let a = of(match t { none => [], _ => [t] })\n").empty());
  CHECK(codes_of(head + "let a = of(if t != none then [1] else [])\n") ==
        std::vector<std::string>{"E102"});
}

TEST_CASE("projects are found, those ignored are not") {
  CHECK(codes({{"build.devgraph",
                "devgraph 1\nworkspace { ignore = [\"**/old\"] }\nlet default = //sub:a\n"},
               {"sub/build.devgraph", "run a {\n  $ true\n}\n"},
               {"old/build.devgraph", "this is no manifest"},
               {"x/old/build.devgraph", "nor is this"},
               {"out/build.devgraph", "nor this"}})
            .empty());
}

TEST_CASE("a demanded project brings those that its labels name, and no others") {
  MemFiles files;
  const std::map<std::string, std::string> texts = {
      {"build.devgraph", "devgraph 1\nlet broken = nothing\n"},
      {"a/build.devgraph", "let x = //b:y\n"},
      {"b/build.devgraph", "use //lib/tools { tool-name }\nrun y { out = tool-name\n $ true\n}\n"},
      {"c/build.devgraph", "let broken = nothing\n"},
      {"lib/tools.devgraph", "let tool-name = \"x\"\n"},
  };
  for (const auto& [path, text] : texts)
    files.put("/w/" + path, text);
  Sources sources;
  Diagnostics found;
  const Program program =
      resolve(sources, files, {.workspace = "/w", .projects = {"a"}, .jobs = 2}, found);
  CHECK(program.project("a") != nullptr);
  CHECK(program.project("b") != nullptr);
  CHECK(program.project("c") == nullptr);
  CHECK(program.library("lib/tools.devgraph") != nullptr);
  REQUIRE(program.root() != nullptr);
  CHECK_FALSE(program.root()->demanded);
  CHECK(program.project_folders() == std::vector<std::string>{"", "a", "b", "c"});
}

TEST_CASE("globs on folders") {
  struct Case {
    const char* pattern;
    const char* path;
    bool want;
  };
  const Case cases[] = {
      {"**/papers", "papers", true},
      {"**/papers", "a/b/papers", true},
      {"**/papers", "papers/a", false},
      {"a/*", "a/b", true},
      {"a/*", "a/b/c", false},
      {"a/**", "a/b/c", true},
      {"a/**", "a", true},
      {"a/**/z", "a/z", true},
      {"*.d", "x.d", true},
      {"?", "ab", false},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "aXbY", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.path);
    CHECK(glob_matches(c.pattern, c.path) == c.want);
  }
}

TEST_CASE("a long chain of values and a deep cycle need no stack") {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += "let v" + std::to_string(i) + " = v" + std::to_string(i + 1) + "\n";
  CHECK(codes_of(text + "let v20000 = 1\n").empty());
  CHECK(codes_of(text + "let v20000 = v0\n") == std::vector<std::string>{"E228"});
}

}  // namespace devgraph::lang
