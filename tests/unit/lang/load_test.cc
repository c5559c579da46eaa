#include <doctest/doctest.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

TEST_CASE("a run with a source becomes one node with one input and one output") {
  LoadedWorkspace ws;
  ws.put("in.txt", "x\n");
  ws.put("build.devgraph", R"(devgraph 1
let source = ./in.txt
## Shouts.
run up {
  out = "up.txt"
  $ tr a-z A-Z < {source} > {out}
}
run loud {
  out = "loud.txt"
  $ x=$(cat {up}); echo "$x" > {out}
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 2);
  const Node& up = ws.graph->node(ws.node("//:up"));
  CHECK(up.kind == ActionKind::Exec);
  CHECK(ws.args("//:up") == "{ argv = ['tr' 'a-z' 'A-Z'] stdin = <in.txt stdout = >0 }");
  CHECK(ws.inputs("//:up") == "in.txt");
  CHECK(ws.outputs("//:up") == "out/up/up.txt");
  CHECK(ws.graph->str(up.doc) == "Shouts.");
  CHECK(up.line == 4);
  CHECK(up.column == 5);
  const Node& loud = ws.graph->node(ws.node("//:loud"));
  CHECK(loud.kind == ActionKind::Script);
  CHECK(ws.args("//:loud") == "{ dg1 = <up.txt dg2 = >0 }");
  CHECK(ws.graph->lines(ws.graph->script(loud.script)).size() == 1);
}

TEST_CASE("a family makes a node per cell, in the order of its axes") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
axis py   = ["3.10", "3.11"]
axis arch = ["x86", "arm"]
run app[py, arch] where py != "3.10" or arch == "x86" {
  out = "app-{py}.txt"
  $ printf %s {py} {arch} > {out}
}
run some[arch] {
  out = "o"
  $ cat {app[py = "3.11", arch]} {app[arch = "x86"]} > {out}
}
run every {
  out = "o"
  $ cat {app} > {out}
}
let default = [some, app[py in ["3.11"]]]
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 6);
  CHECK(ws.outputs("//:app@py=3.11,arch=arm") == "out/app/3.11/arm/app-3.11.txt");
  CHECK(ws.args("//:app@py=3.11,arch=arm") == "{ dg1 = '3.11' dg2 = 'arm' dg3 = >0 }");
  CHECK(ws.graph->node(ws.node("//:app@py=3.11,arch=arm")).script ==
        ws.graph->node(ws.node("//:app@py=3.10,arch=x86")).script);
  CHECK(ws.args("//:every") ==
        "{ argv = ['cat' [<app-3.10.txt <app-3.11.txt <app-3.11.txt]] stdout = >0 }");
  CHECK(ws.inputs("//:some@arch=arm") == "app-3.11.txt app-3.10.txt app-3.11.txt");
  bool has_default = false;
  for (const Target& target : ws.graph->targets()) {
    if (ws.graph->str(target.name) != "default") continue;
    has_default = true;
    CHECK(target.kind == TargetKind::Let);
    CHECK(ws.graph->nodes(target).size() == 4);
  }
  CHECK(has_default);
}

TEST_CASE("a rule makes children, and its handle is its self") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
axis f = ["a", "b"]
rule tool(text: string, extra: [file] = []) {
  write _raw { text }
  run self {
    out = "{name}.txt"
    $ cat {_raw} {extra} > {out}
  }
  run check {
    $ test -s {self}
  }
}
tool one { text = "1", timeout = 30s }
tool two[f] { text = f, extra = one }
run end {
  out = "end"
  $ cat {one} {two} {one.check} > {out}
}
)");
  // `one.check` makes no file, so it has no path to print.
  CHECK_FALSE(ws.load());
  CHECK(ws.errors().find("{one.check}") != std::string::npos);
  std::string text(*ws.files.get("/ws/build.devgraph"));
  text.replace(text.find("$ cat {one} {two} {one.check}"), 29,
               "deps = one.check\n  $ cat {one} {two}");
  ws.put("build.devgraph", text);
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 10);
  CHECK(ws.args("//:two@f=b") == "{ argv = ['cat' <_raw [<one.txt]] stdout = >0 }");
  CHECK(ws.outputs("//:two@f=b") == "out/two/b/two.txt");
  CHECK(ws.outputs("//:two/_raw@f=b") == "out/two/_raw/b/_raw");
  CHECK(ws.after("//:end") == "//:one/check");
  const NodeId raw = ws.node("//:one/_raw");
  CHECK((ws.graph->node(raw).flags & node_flags::kPrivate) != 0);
  CHECK(ws.graph->node(raw).counts_with == ws.node("//:one"));
  CHECK(ws.graph->traits_of(ws.node("//:one")).timeout_ms == 30'000);
  CHECK(ws.graph->traits_of(raw).timeout_ms == 30'000);
  CHECK(ws.graph->traits_of(ws.node("//:end")).timeout_ms == 0);
}

TEST_CASE("two loads give the same bytes") {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    LoadedWorkspace ws;
    ws.put("src/a.c", "1");
    ws.put("src/b.c", "2");
    ws.put("build.devgraph", R"(devgraph 1
axis n = [1, 2, 3]
run x[n] {
  out  = { a = "{n}", b = "d/" }
  deps = ./src/**
  env  = { N = str(n) }
  $ cp {deps} {out.b}
}
)");
    REQUIRE_MESSAGE(ws.load(), ws.errors());
    if (i == 0)
      first = std::string(ws.graph->bytes());
    else
      CHECK(first == ws.graph->bytes());
  }
}

TEST_CASE("an optional field of a record that is left out is none") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
type Point = { x: int, label: string? }
let one: Point = { x = 1 }
let two: [Point] = [one, { x = 2, label = "b" }]
rule shown(at: Point) { write self { text = at.label ?? "none" } }
write labels { text = join(",", [for p in two: p.label ?? "none"]) }
shown here   { at = { x = 3 } }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:labels") == "{ text = 'none,b' executable = false }");
  CHECK(ws.args("//:here") == "{ text = 'none' executable = false }");
}

TEST_CASE("an index reaches the axes of an instance and those of its children") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
axis os = ["a", "b"]
rule pair() {
  axis part = ["x", "y"]
  write one[part] { text = part }
  write two { text = "t" }
}
pair all[os] {}
run user {
  out = "o"
  $ cat {all.one} > {out}
  $ cat {all[os = "b"].one[part = "x"]} > {out}
  $ cat {all.one[part = "y"]} > {out}
  $ cat {all.one[os = "a", part = "y"]} > {out}
  $ cat {all.one[os = "a"]} {all.two[os = "b"]} > {out}
  $ echo {has(all.one[os = "a", part = "x"])} {has(all.one[part = "x"])} > {out}
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:user") ==
        "{ dg1 = [<one <one <one <one] dg2 = >0 dg3 = <one dg4 = >0 dg5 = [<one <one] dg6 = >0 "
        "dg7 = <one dg8 = >0 dg9 = [<one <one] dg10 = <two dg11 = >0 dg12 = 'true' dg13 = 'true' "
        "dg14 = >0 }");
}
