#include <string>

#include <doctest/doctest.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

std::string changed(LoadedWorkspace& ws) {
  return lang::changed_read(*ws.graph, ws.files, ws.options).value_or("nothing");
}

}  // namespace

TEST_CASE("a graph holds until something that it looked at changes") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
param level: int = 1
let version = toml(./pyproject.toml).project.version
let extra   = maybe(./extra.txt)
run a {
  out  = "a-{version}-{level}"
  deps = ./src/**
  env  = { WHO = env("WHO") ?? "nobody" }
  tools = ["cc"]
  $ cc {deps} {prefix("x", ["{len(lines(./list))}"])} > {out}
}
)");
  ws.put("pyproject.toml", "[project]\nversion = \"1.0.0\"\ndescription = \"x\"\n");
  ws.put("src/a.c", "");
  ws.put("list", "1\n");
  ws.files.put("/bin/cc", "");
  ws.files.set_mode("/bin/cc", 0755);
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(changed(ws) == "nothing");

  SUBCASE("the part of a data file that is used") {
    ws.put("pyproject.toml", "[project]\nversion = \"1.0.0\"\ndescription = \"y\"\n");
    CHECK(changed(ws) == "nothing");
    ws.put("pyproject.toml", "[project]\nversion = \"1.0.1\"\n");
    CHECK(changed(ws) == "pyproject.toml: `project.version` changed");
  }
  SUBCASE("a glob") {
    ws.put("src/a.c", "changed, but that is not its name");
    CHECK(changed(ws) == "nothing");
    ws.put("src/sub/b.c", "");
    CHECK(changed(ws) == "//src/**: a file was added or removed");
  }
  SUBCASE("a manifest") {
    ws.put("build.devgraph", "devgraph 1\n");
    CHECK(changed(ws) == "build.devgraph: changed");
  }
  SUBCASE("a text") {
    ws.put("list", "1\n2\n");
    CHECK(changed(ws) == "list: changed");
  }
  SUBCASE("a file that was absent") {
    ws.put("extra.txt", "");
    CHECK(changed(ws) == "extra.txt: appeared or vanished");
  }
  SUBCASE("a variable") {
    ws.options.environment["OTHER"] = "x";
    CHECK(changed(ws) == "nothing");
    ws.options.environment["WHO"] = "me";
    CHECK(changed(ws) == "the variable WHO");
  }
  SUBCASE("a parameter") {
    ws.options.defines = {{"level", "2"}};
    CHECK(changed(ws) == "the parameter //:level");
  }
  SUBCASE("where a tool is found") {
    ws.files.put("/usr/bin/cc", "");
    ws.files.set_mode("/usr/bin/cc", 0755);
    ws.options.environment["PATH"] = "/usr/bin:/bin";
    CHECK(changed(ws) == "the program cc is found elsewhere");
  }
  SUBCASE("a project") {
    ws.put("sub/build.devgraph", "");
    CHECK(changed(ws) == "a project was added or removed");
  }
}

TEST_CASE("globs pass by outputs in the tree, state folders, other projects and what is ignored") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
workspace { ignore = ["**/junk"] }
run gen {
  out = ./src/gen.h
  $ printf x > {out}
}
run uses {
  out  = "o"
  deps = ./**/*.h
  $ cat {deps} > {out}
}
run direct {
  out  = "o"
  deps = ./src/gen.h
  $ cat {deps} > {out}
}
)");
  for (const char* path : {"src/.hidden.h", "src/a.h", "src/gen.h", "junk/b.h", "other/c.h",
                           ".git/d.h", ".devgraph/e.h", "out/f.h", "src/junk/g.h"}) {
    ws.put(path, "");
  }
  ws.put("other/build.devgraph", "");
  ws.files.put_link("/ws/src/link.h", "a.h");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.inputs("//:uses") == "src/.hidden.h src/a.h src/link.h");
  CHECK(ws.outputs("//:gen") == "src/gen.h");
  const InputId direct = ws.graph->inputs(ws.node("//:direct"))[0];
  CHECK(ws.graph->input(direct).kind == InputKind::Output);
  CHECK(changed(ws) == "nothing");
  ws.files.erase("/ws/src/gen.h");
  CHECK(changed(ws) == "nothing");
}

TEST_CASE("a seed is seen by the reads of its manifest before it is made") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
seed dot { into = ./.env, text = "WHO=me\n" }
let who = dotenv(./.env).WHO
write out { text = "hello {who}" }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:out") == "{ text = 'hello me' executable = false }");
  CHECK((ws.graph->node(ws.node("//:dot")).flags & node_flags::kSeed) != 0);
  CHECK(ws.outputs("//:dot") == ".env");
  ws.put(".env", "WHO=you\n");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:out") == "{ text = 'hello you' executable = false }");
}

TEST_CASE("a workspace begins at the outermost manifest with an edition") {
  MemFiles files;
  files.put("/a/ws/build.devgraph", "# mine\ndevgraph 1\n");
  files.put("/a/ws/sub/build.devgraph", "run x {}\n");
  files.put_folder("/a/ws/sub/deep");
  Result<lang::Workspace> found = lang::find_workspace(files, "/a/ws/sub/deep");
  REQUIRE(found);
  CHECK(found->root == "/a/ws");
  CHECK(found->project == "sub");
  CHECK_FALSE(lang::find_workspace(files, "/a"));
  files.put("/b/build.devgraph", "run x {}\n");
  found = lang::find_workspace(files, "/b");
  REQUIRE_FALSE(found);
  CHECK(found.error().message == "/b/build.devgraph lacks the line `devgraph 1`");
}
