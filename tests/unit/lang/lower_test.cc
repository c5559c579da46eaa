#include <string>

#include <doctest/doctest.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

TEST_CASE("universal fields become traits, and an instance's hold for its children") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
workspace { pools = { gpu = 2 } }
rule two() {
  run a {
    timeout = 5s
    $ true
  }
  run b {
    $ true
  }
}
two pair { timeout = 1m, retries = 3, pool = "gpu", retry_on = 'busy', backoff = 2s }
run all {
  ok      = [5, 0]
  memory  = 2GiB
  weight  = 4
  mutex   = "db"
  hints   = { 'No module' = "install it" }
  network = true
  sandbox = false
  cwd     = "inputs"
  may_fail = true
  $ true
}
test t {
  $ true
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  const Traits& a = ws.graph->traits_of(ws.node("//:pair/a"));
  const Traits& b = ws.graph->traits_of(ws.node("//:pair/b"));
  CHECK(a.timeout_ms == 5'000);
  CHECK(b.timeout_ms == 60'000);
  CHECK(a.retries == 3);
  CHECK(b.backoff_ms == 2'000);
  CHECK(ws.graph->str(b.pool) == "gpu");
  CHECK(ws.graph->str(b.retry_on) == "busy");
  const Traits& all = ws.graph->traits_of(ws.node("//:all"));
  CHECK(ws.graph->ok_codes(all).size() == 2);
  CHECK(ws.graph->ok_codes(all)[0] == 0);
  CHECK(all.memory == (std::uint64_t{2} << 30U));
  CHECK(all.weight == 4);
  CHECK(ws.graph->hints(all).size() == 1);
  CHECK(all.network == 1);
  CHECK(all.sandbox == 0);
  CHECK(all.cwd == Cwd::Inputs);
  CHECK(all.may_fail == 1);
  const Traits& test = ws.graph->traits_of(ws.node("//:t"));
  CHECK(test.network == 1);
  CHECK(test.cwd == Cwd::Inputs);
  CHECK(ws.graph->pools().size() == 1);
}

TEST_CASE("allow_failed speaks of what stands in lists, and adds the quarantine") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
axis i = [1, 2, 3]
write head { text = "h" }
write part[i] { text = "{i}", to = "{i}.txt" }
run all {
  out = "all"
  allow_failed = "50%"
  $ cat {head} {part} > {out}
}
merge_json m { parts = part, allow_failed = 1 }
tar t { files = { "/h" = head, "/p/" = part }, allow_failed = 1 }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.outputs("//:all") == "out/all/all out/all/quarantine.json");
  CHECK(ws.graph->inputs(ws.node("//:all")).size() == 4);
  CHECK(ws.graph->listed(ws.node("//:all")).size() == 3);
  CHECK(ws.graph->traits_of(ws.node("//:all")).allow_failed_percent == 50);
  CHECK(ws.graph->listed(ws.node("//:m")).size() == 3);
  CHECK(ws.graph->traits_of(ws.node("//:m")).allow_failed == 1);
  CHECK(ws.graph->inputs(ws.node("//:t")).size() == 4);
  CHECK(ws.graph->listed(ws.node("//:t")).size() == 3);
}

TEST_CASE("natives get their arguments with defaults, and outputs with fixed names") {
  LoadedWorkspace ws;
  for (const char* path : {"src/a.py", "src/sub/b.py", "one.txt"})
    ws.put(path, "");
  ws.put("build.devgraph", R"(devgraph 1
tar pack { files = { "/app/" = ./src/**, "etc/one" = ./one.txt, "all" = ./src/ } }
compress small { file = pack, with = "gzip" }
unpack open { archive = small }
pick found { tree = open, glob = "app/*.py" }
copy other { file = ./one.txt, to = "two.txt" }
symlink link { file = ./one.txt }
subst changed { file = ./one.txt, replace = { 'a(.)' = "b" } }
subst named { file = ./one.txt, replace = { 'a(.)' = "b" }, to = "app/two.txt" }
fetch thing { url = "https://e.example/x/thing-1.0.tgz?x=1", sha256 = "00" }
run inside {
  out = "o"
  $ cp {open / "app/a.py"} {out}
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:pack") ==
        "{ files = { app/a.py = <src/a.py app/sub/b.py = <src/sub/b.py etc/one = <one.txt all = "
        "<src } "
        "prefix = '' mode = 'normal' owner = '0:0' }");
  CHECK(ws.outputs("//:pack") == "out/pack/pack.tar");
  CHECK(ws.outputs("//:small") == "out/small/pack.tar.gz");
  CHECK(ws.outputs("//:open") == "out/open/open/");
  CHECK(ws.outputs("//:found") == "out/found/found");
  CHECK(ws.outputs("//:other") == "out/other/two.txt");
  CHECK(ws.outputs("//:link") == "out/link/one.txt");
  CHECK(ws.outputs("//:changed") == "out/changed/one.txt");
  CHECK(ws.outputs("//:named") == "out/named/app/two.txt");
  CHECK(ws.outputs("//:thing") == "out/thing/thing-1.0.tgz");
}

TEST_CASE("a node literal of an instance counts with what stands for the instance") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
rule packed(file: file) {
  copy  _copied { file }
  write other   { text = "x" }
  copy  self    { file = _copied }
}
rule group(file: file) { copy one { file } }
packed p { file = write { text = "x" } }
group  g { file = write { text = "x" } }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.graph->node(ws.node("//:p/_file")).counts_with == ws.node("//:p"));
  CHECK(ws.graph->node(ws.node("//:g/_file")).counts_with == ws.node("//:g"));
}

TEST_CASE("a node literal is a private child of its node") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
axis i = ["a", "b"]
merge_json all[i] { parts = [write { text = "{i}1", to = "1.json" }, write { text = "2", to = "2.json" }] }
compress z { file = write { text = "x" } }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 8);
  CHECK(ws.args("//:all/_parts@i=b") == "{ text = 'b1' to = '1.json' executable = false }");
  CHECK(ws.outputs("//:all/_parts-2@i=b") == "out/all/_parts-2/b/2.json");
  const NodeId literal = ws.node("//:z/_file");
  CHECK(ws.graph->node(literal).counts_with == ws.node("//:z"));
  CHECK((ws.graph->node(literal).flags & node_flags::kPrivate) != 0);
}

TEST_CASE("environment, stdin, depfile and normalize reach the node") {
  LoadedWorkspace ws;
  ws.put("a.c", "");
  ws.put("build.devgraph", R"(devgraph 1
let who = ./a.c
write w { text = "x" }
run r {
  out       = "o"
  depfile   = "o.d"
  normalize = ["crlf", "comments"]
  env       = { A = "1", W = text(w), F = who }
  stdin     = w
  $ sort {who} > {out}
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  const Node& row = ws.graph->node(ws.node("//:r"));
  CHECK(ws.env("//:r") == "{ A = '1' W = text(<w) F = <a.c }");
  CHECK(ws.show(row.stdin_text) == "<w");
  CHECK(ws.graph->str(row.depfile) == "o.d");
  CHECK(ws.graph->str(ws.graph->input(ws.graph->inputs(ws.node("//:r"))[0]).normalize) ==
        "comments,crlf");
}

TEST_CASE("projects name each other's nodes; a source of another one is named from the workspace") {
  LoadedWorkspace ws;
  ws.put("shared.txt", "");
  ws.put("build.devgraph", "devgraph 1\nwrite top { text = \"t\" }\n");
  ws.put(
      "a/build.devgraph",
      "run use_b {\n  out = \"o\"\n  deps = //shared.txt\n  $ cat {//b:made} {deps} > {out}\n}\n");
  ws.put("a/build.devgraph",
         "let made = //b:made\nrun use_b {\n  out = \"o\"\n  deps = //shared.txt\n  $ cat {made} "
         "{deps} > {out}\n}\n");
  ws.put("b/build.devgraph", "write made { text = \"m\" }\n");
  ws.put("c/build.devgraph", "write alone { text = \"m\" }\n");
  ws.options.projects = {"a"};
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 2);
  CHECK(ws.inputs("//a:use_b") == "made //shared.txt");
  CHECK(ws.outputs("//a:use_b") == "out/a/use_b/o");
  ws.options.projects = {"..."};
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 4);
}
