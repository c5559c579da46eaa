/// What a manifest may do wrong that only evaluation can see.

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

struct Fault {
  const char* name;
  const char* text;
  const char* want;  ///< Stands in the diagnostics.
};

const Fault kFaults[] = {
    {"absent source", "copy x { file = ./none.txt }", "error[E401]: no file `none.txt`"},
    {"folder as a file", "copy x { file = ./src }", "a folder, not a file"},
    {"empty glob", "run x {\n  deps = ./srv/**/*.c\n  $ true\n}",
     "error[E402]: this glob matches nothing"},
    {"near folder", "run x {\n  deps = ./srv/**/*.c\n  $ true\n}",
     "= ./src exists and would match 1 file"},
    {"read of a built file", "write w { text = \"a\" }\nlet t = read(w)\nwrite y { text = t }",
     "error[E404]"},
    {"broken data", "write y { text = json(./src/a.c).x }", "error[E405]"},
    {"absent key", "write y { text = json(./data.json).nmae }", "did you mean `name`?"},
    {"data of another type", "write y { text = json(./data.json).list }", "error[E407]"},
    {"no match", "write y { text = find(\"abc\", 'x(.)') }", "error[E408]"},
    {"no version", "write y { text = str(version(\"1.2\")) }", "error[E408]"},
    {"no tool", "run x {\n  tools = [\"nope\"]\n  $ nope\n}", "looked for in /bin"},
    {"assertion", "assert 1 > 2, \"no way\"", "error[E411]: no way"},
    {"out of range", "write y { text = [\"a\"][3] }", "error[E412]"},
    {"overflow", "write y { text = str(9223372036854775807 + 1) }", "error[E412]"},
    {"unknown pool", "run x {\n  pool = \"p\"\n  $ true\n}", "error[E419]: unknown pool `p`"},
    {"two writers",
     "run x {\n  out = ./gen.h\n  $ true > {out}\n}\nrun y {\n  out = ./gen.h\n  $ true > {out}\n}",
     "error[E602]"},
    {"two images of one name",
     "oci_image a { layers = [], config = {} }\noci_image b { layers = [./src/a.c], config = {} }\n"
     "image_tag x { image = a, names = [\"lab/x:1\"] }\n"
     "image_tag y { image = b, names = [\"lab/x:1\"] }",
     "error[E603]: two images would be named `lab/x:1`"},
    {"cycle",
     "run a {\n  out = \"a\"\n  $ cat {b} > {out}\n}\nrun b {\n  out = \"b\"\n  $ cat {a} > "
     "{out}\n}",
     "these nodes need each other:  //:a -> //:b -> //:a"},
    {"axis value",
     "axis v = [\"a\", \"b\"]\nlet which = \"{\"c\"}\"\nrun f[v] {\n  out = \"o\"\n  $ "
     "true\n}\nrun x {\n  $ cat {f[v = which]}\n}",
     "error[E502]"},
    {"cell left out",
     "axis v = [\"a\", \"b\"]\nrun f[v] where v == \"a\" {\n  out = \"o\"\n  $ true > "
     "{out}\n}\nrun x {\n  $ cat {f[v = \"b\"]}\n}",
     "error[E503]"},
    {"no cells",
     "axis v = [\"a\", \"b\"]\nlet z = \"{\"z\"}\"\nrun f[v] where v == z {\n  $ true\n}",
     "error[E504]"},
    {"equal axis values", "let a = \"x\"\naxis v = [a, \"{a}\"]\nrun f[v] {\n  $ true\n}",
     "error[E505]"},
};

}  // namespace

TEST_CASE("faults of evaluation are placed and say what is wrong") {
  for (const Fault& fault : kFaults) {
    CAPTURE(fault.name);
    LoadedWorkspace ws;
    ws.put("src/a.c", "int a;\n");
    ws.put("data.json", R"({"name": "n", "list": [1]})");
    ws.put("build.devgraph", std::string("devgraph 1\n") + fault.text + "\n");
    CHECK_FALSE(ws.load());
    const std::string errors = ws.errors();
    CHECK_MESSAGE(errors.find(fault.want) != std::string::npos, errors);
    CHECK_MESSAGE(errors.find("--> build.devgraph:") != std::string::npos, errors);
  }
}

TEST_CASE("a chain of names is evaluated, and one without measure is refused") {
  const auto chain = [](int length) {
    // The last one first, so that evaluating it leads through all the others.
    std::string text = fmt::format("devgraph 1\nwrite w {{ text = str(n{}) }}\n", length - 1);
    for (int i = length - 1; i > 0; --i)
      text += fmt::format("let n{} = n{} + 1\n", i, i - 1);
    return text + "let n0 = 1\n";
  };
  LoadedWorkspace ws;
  ws.put("build.devgraph", chain(300));
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:w") == "{ text = '300' executable = false }");
  LoadedWorkspace deep;
  deep.put("build.devgraph", chain(5000));
  CHECK_FALSE(deep.load());
  CHECK_MESSAGE(deep.errors().find("error[E416]") != std::string::npos, deep.errors());
}

TEST_CASE("an unknown parameter is named with its neighbours") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", "devgraph 1\nparam level: int = 1\nwrite w { text = str(level) }\n");
  ws.options.defines = {{"levle", "2"}};
  CHECK_FALSE(ws.load());
  CHECK(ws.errors().find("did you mean `level`?") != std::string::npos);
  ws.options.defines = {{"level", "2"}};
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:w") == "{ text = '2' executable = false }");
}

TEST_CASE("effects, secrets and late cells can run, and what comes after an effect is one") {
  LoadedWorkspace ws;
  ws.put("a.whl", "");
  ws.put("build.devgraph", R"(devgraph 1
git_tag up { tag = "v1" }
freeze save { into = ./lib/, files = ./a.whl }
run s {
  env = { T = secret("T", epoch = 2) }
  $ true
}
run split {
  out = "parts/"
  $ touch {out}/a
}
late axis part = names(split.out)
run each_part[part] {
  out = "{part}.txt"
  $ cp {split.out[part]} {out}
}
run later {
  after = up
  $ true
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  const auto why = [&](const char* label) {
    return std::string(ws.graph->str(ws.graph->node(ws.node(label)).refused));
  };
  CHECK(why("//:up").empty());
  CHECK(why("//:save") == "only `devgraph freeze` copies files into the tree");
  CHECK(why("//:s").empty());  // Secrets are handed out.
  CHECK(why("//:split").empty());
  CHECK(why("//:each_part@part=…").empty());  // Its cells come while a build runs.
  CHECK((ws.graph->node(ws.node("//:later")).flags & node_flags::kEffect) != 0);
  CHECK(why("//:later").empty());
}
