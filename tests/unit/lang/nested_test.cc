#include <string>

#include <doctest/doctest.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

/// `a`, `a/b` and `d` are marked; `a/p` is marked and a project of its own, with a folder in it.
void put_folders(LoadedWorkspace& ws) {
  for (const char* path : {"a/mark", "a/x.py", "a/b/mark", "a/b/y.py", "a/b/c/z.py", "a/p/mark",
                           "a/p/v.py", "a/p/q/w.py", "d/mark", "d/u.py"})
    ws.put(path, "");
  ws.put("a/p/build.devgraph", "");
}

std::string text_of(LoadedWorkspace& ws, const std::string& label) {
  const std::string args = ws.args(label);
  const std::size_t begin = args.find('\'') + 1;
  return args.substr(begin, args.rfind('\'') - begin);
}

}  // namespace

TEST_CASE("wildcards enter no other project, wherever a list of files comes from") {
  LoadedWorkspace ws;
  put_folders(ws);
  ws.put("build.devgraph", R"(devgraph 1
axis dir = [for m in ./**/mark: parent(m)]
fn bases(files: [file]) -> string = join(" ", [for f in files: base(f)])
write of[dir]    { text = bases(./{dir}/**/*.py) }
write tree       { text = bases(files(./a/)) }
write joined     { text = bases(./a/ / "**/*.py") }
write listed     { text = join(" ", names(./a/)) }
write depth      { text = bases(maybe(./*/*/*.py)) }
write behind     { text = "{len(maybe(./*/p/*.py))} {len(maybe(./a/*/q/*.py))}" }
run   whole {
  deps = ./a/
  $ true
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 9);  // Three cells: the mark of the other project is not found.
  CHECK(text_of(ws, "//:of@dir=a") == "z.py y.py x.py");
  CHECK(text_of(ws, "//:tree") == "z.py mark y.py mark x.py");
  CHECK(text_of(ws, "//:joined") == "z.py y.py x.py");
  CHECK(text_of(ws, "//:listed") == "mark mark x.py y.py z.py");
  CHECK(text_of(ws, "//:depth") == "y.py");
  CHECK(text_of(ws, "//:behind") == "0 0");
  const InputId whole = ws.graph->inputs(ws.node("//:whole"))[0];
  REQUIRE(ws.graph->input(whole).kind == InputKind::SourceTree);
  CHECK(ws.graph->tree_files(TreeId{ws.graph->input(whole).ref}).size() == 5);

  // A folder that becomes a project leaves the lists of the outer one.
  ws.put("a/b/build.devgraph", "");
  CHECK(lang::changed_read(*ws.graph, ws.files, ws.options).has_value());
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(text_of(ws, "//:of@dir=a") == "x.py");
}

TEST_CASE("a folder that is named before the first wildcard is entered, whoever owns it") {
  LoadedWorkspace ws;
  put_folders(ws);
  ws.put("a/p/q/r/build.devgraph", "");
  ws.put("a/p/q/r/s.py", "");
  ws.put("build.devgraph", R"(devgraph 1
axis dir = ["a/p", "d"]
fn bases(files: [file]) -> string = join(" ", [for f in files: base(f)])
write of[dir] { text = bases(./{dir}/**/*.py) }
write named   { text = bases(//a/p/*.py) }
write within  { text = bases(./a/p/q/**) }
write tree    { text = bases(files(./a/p/)) }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  // But no project within that one.
  CHECK(text_of(ws, "//:of@dir=a%2Fp") == "w.py v.py");
  CHECK(text_of(ws, "//:named") == "v.py");
  CHECK(text_of(ws, "//:within") == "w.py");
  CHECK(text_of(ws, "//:tree") == "build.devgraph mark w.py v.py");
}

TEST_CASE("files of folders that are marked in each other can go to the innermost") {
  LoadedWorkspace ws;
  put_folders(ws);
  ws.put("build.devgraph", R"(devgraph 1
let dirs = sort([for m in ./**/mark: parent(m)])
axis dir = dirs
fn owner(f: file, dirs: [string]) -> string =
  reverse([for d in dirs if "{parent(f)}/" == "{d}/" or starts(parent(f), "{d}/"): d])[0]
run of[dir] {
  deps = [for f in ./{dir}/**/*.py if owner(f, dirs) == dir: f]
  $ true
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.inputs("//:of@dir=a") == "a/x.py");
  CHECK(ws.inputs("//:of@dir=a%2Fb") == "a/b/c/z.py a/b/y.py");
  CHECK(ws.inputs("//:of@dir=d") == "d/u.py");
}
