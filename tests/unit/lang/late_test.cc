#include <string>

#include <doctest/doctest.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

const char* const kManifest = R"(devgraph 1
let corpus = ./corpus.txt
run split {
  out = "shards/"
  $ split {corpus} {out}/
}
late axis shard = names(split.out)
axis mode = ["fast", "slow"]
run count[shard, mode] where mode != "slow" {
  out = "{shard}-{mode}.txt"
  $ wc {split.out[shard]} > {out}
}
let all = [for one in count: one.out]
run total {
  out = "total.txt"
  $ cat {all} > {out}
}
)";

std::string late_text(const LoadedWorkspace& ws, const std::string& label) {
  return std::string(ws.graph->str(ws.graph->node(ws.node(label)).late));
}

void load_with(LoadedWorkspace& ws, const std::string& manifest) {
  ws.put("build.devgraph", manifest);
  ws.put("corpus.txt", "");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
}

/// What a file that a node makes gives: the cells, or why there are none.
std::string decoded(const std::string& decoder, const std::string& text) {
  LoadedWorkspace ws;
  ws.put("build.devgraph",
         "devgraph 1\nrun plan {\n  out = \"plan\"\n  $ true > {out}\n}\n"
         "late axis item = " +
             decoder +
             "\n"
             "run cell[item] {\n  $ echo {item}\n}\n");
  ws.put("out/plan/plan", text);
  if (!ws.load()) return ws.errors();
  std::string cells;
  for (std::uint32_t i = 0; i < ws.graph->node_count(); ++i) {
    const NodeId id{i};
    if (ws.graph->node(id).late != StrId{})
      return std::string(ws.graph->str(ws.graph->node(id).late));
    for (const AxisValue& axis : ws.graph->axes(id))
      cells += std::string(ws.graph->str(axis.value)) + ";";
  }
  return cells;
}

}  // namespace

TEST_CASE("before anything was built one cell stands for those of a late axis") {
  LoadedWorkspace ws;
  load_with(ws, kManifest);
  CHECK(ws.count() == 3);
  CHECK(late_text(ws, "//:count@shard=…,mode=fast") == "waits for what //:split makes");
  CHECK(late_text(ws, "//:total") == "waits for what //:split makes");
  CHECK(late_text(ws, "//:split").empty());
  CHECK(ws.after("//:total") == "//:split");
  CHECK((ws.graph->node(ws.node("//:split")).flags & node_flags::kDecides) != 0);
}

TEST_CASE("what stands where a node lands its output gives the cells") {
  LoadedWorkspace ws;
  ws.put("out/split/shards/b", "");
  ws.put("out/split/shards/a", "");
  load_with(ws, kManifest);
  CHECK(ws.count() == 4);
  CHECK(late_text(ws, "//:count@shard=a,mode=fast").empty());
  CHECK(ws.inputs("//:count@shard=b,mode=fast") == "shards/b");
  CHECK(ws.inputs("//:total") == "a-fast.txt b-fast.txt");
  CHECK(ws.after("//:total") == "//:split");
  CHECK(ws.after("//:split").empty());

  SUBCASE("and is a read of the graph") {
    CHECK_FALSE(lang::changed_read(*ws.graph, ws.files, ws.options));
    ws.put("out/split/shards/a", "other content");
    CHECK_FALSE(lang::changed_read(*ws.graph, ws.files, ws.options));
    ws.put("out/split/shards/c", "");
    CHECK(lang::changed_read(*ws.graph, ws.files, ws.options) ==
          "out/split/shards: the values of a late axis changed");
  }
  SUBCASE("but can be left out of sight") {
    ws.options.late.forget = true;
    REQUIRE_MESSAGE(ws.load(), ws.errors());
    CHECK(late_text(ws, "//:total") == "waits for what //:split makes");
  }
}

TEST_CASE("decoders of late axes") {
  CHECK(decoded("lines(plan.out)", "b\r\n\n  a\n#c\n") == "b;  a;#c;");
  CHECK(decoded("lines(plan.out, comments = true)", "b\n#c\n") == "b;");
  CHECK(decoded("lines(plan)", "") == "");
  CHECK(decoded("json(plan.out).a.b", R"({"a": {"b": [3, 1]}})") == "3;1;");
  const std::string start = "cannot be known from what //:plan made: out/plan/plan: ";
  CHECK(decoded("json(plan.out)", "[true, 1]") ==
        start + "the values are strings, ints or bools, all of one type; here is 1");
  CHECK(decoded("json(plan.out)", R"(["a", "a"])") == start + "it has the value \"a\" twice");
  CHECK(decoded("json(plan.out).a", "[]") == start + "it has no `a`");
  CHECK(decoded("json(plan.out)", R"(["\u0000"])") == start + "a value holds the byte NUL");
  CHECK(decoded("names(plan.out)", "") == start + "it is no folder");
}

TEST_CASE("what is known to be as it was made has to give values") {
  LoadedWorkspace ws;
  ws.put("build.devgraph",
         "devgraph 1\nrun plan {\n  out = \"plan\"\n  $ true > {out}\n}\n"
         "late axis item = names(plan.out)\nrun cell[item] {\n  $ echo {item}\n}\n");
  ws.put("out/plan/plan", "");
  ws.options.late.made = {"out/plan/plan"};
  CHECK_FALSE(ws.load());
  CHECK(ws.errors() == R"(error[E515]: the late axis `item` cannot be known from what //:plan made
  --> build.devgraph:6:18
 6 | late axis item = names(plan.out)
   |                  ^^^^^^^^^^^^^^^ out/plan/plan: it is no folder
   = `names` lists a folder
)");
}

TEST_CASE("no fault is invented where values are not known") {
  LoadedWorkspace ws;
  load_with(ws, R"(devgraph 1
run plan {
  out = "plan"
  $ true > {out}
}
late axis item = lines(plan.out)
let words = { a = "A", b = "B" }
rule both(word: string, files: [file]) {
  run one {
    out = "{word}.txt"
    $ cat {files} > {out}
  }
  run two {
    deps = [one]
    $ true
  }
}
both pair[item] { word = words[item], files = [./src/{item}.c] }
run total {
  deps = [for p in pair: p.one.out]
  $ true
}
assert len([for p in pair: p.one]) > 1, "two at least"
let default = [total]
)");
  CHECK(late_text(ws, "//:pair/one@item=…") == "waits for what //:plan makes");
  CHECK(late_text(ws, "//:total") == "waits for what //:plan makes");
  ws.put("out/plan/plan", "a\nz\n");
  CHECK_FALSE(ws.load());
  ws.put("src/a.c", "");
  ws.put("src/b.c", "");
  ws.put("out/plan/plan", "a\nb\n");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.outputs("//:pair/one@item=b") == "out/pair/one/b/B.txt");
}

TEST_CASE("a family without cells leads to what decides about it") {
  LoadedWorkspace ws;
  ws.put("out/plan/plan", "");
  load_with(ws, R"(devgraph 1
run plan {
  out = "plan"
  $ true > {out}
}
late axis item = lines(plan.out)
run cell[item] {
  out = "x"
  $ echo {item} > {out}
}
run total {
  $ echo {cell}
}
let release = [cell]
)");
  CHECK(ws.count() == 2);
  CHECK(ws.after("//:total") == "//:plan");
  for (const Target& target : ws.graph->targets()) {
    CAPTURE(std::string(ws.graph->str(target.name)));
    CHECK(ws.graph->nodes(target).size() == 1);
  }
  CHECK(ws.graph->targets().size() == 4);
}
