#include <string>

#include <doctest/doctest.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

/// The parameters that a statement names, and the manifests that it reads.
std::string given(LoadedWorkspace& ws, const std::string& label) {
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  const std::string args = ws.args(label);
  const std::size_t at = args.find("given = ");
  REQUIRE(at != std::string::npos);
  const std::size_t begin = at + std::string("given = ").size();
  return args.substr(begin, args.find('}', begin) + 1 - begin);
}

}  // namespace

TEST_CASE("a provenance names the given parameters that its subjects use, by whatever way") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
use //lib/rules { two }
param by-name: string    = "a"
param by-let: string     = "a"
param by-axis: string    = "a"
param by-fn: string      = "a"
param by-rule: string    = "a"
param by-default: string = "a"
param by-where: string   = "a"
param by-import: string  = "a"
param by-other: string   = "a"
param unused: string     = "a"
param in-order: string   = "a"
param not-given: string  = "a"
let   inner    = by-let
let   outer    = "{inner}!"
axis  size     = ["s", by-axis]
fn    glue(x: string) -> string = x + by-fn
rule own(text: string, more: string = by-default) {
  let both = text + more
  write self { text = both }
}
write first  { text = not-given }
write named  { text = by-name }
write lets   { text = outer }
write axis-of[size] where size != by-where { text = size }
write called { text = glue("x") }
own   ruled  { text = by-rule }
two   shared { text = by-import }
write order  { text = in-order }
write apart  { text = unused }
run all {
  out   = "all.txt"
  deps  = [first, named, lets, axis-of, called, ruled, shared, //sub:other]
  after = order
  $ touch {out}
}
provenance about { of = all }
provenance less  { of = called, builder = "urn:{by-other}" }
)");
  ws.put("sub/build.devgraph", "param by-label: string = \"a\"\nwrite other { text = by-label }\n");
  ws.put("far/build.devgraph", "write far { text = \"x\" }\n");
  ws.put("lib/rules.devgraph", "rule two(text: string) { write self { text } }\n");
  ws.options.projects = {"..."};
  for (const char* name : {"by-name", "by-let", "by-axis", "by-fn", "by-rule", "by-default",
                           "by-where", "by-import", "by-other", "unused", "in-order"})
    ws.options.defines.emplace_back(name, "b");
  ws.options.defines.emplace_back("//sub:by-label", "https://me:pass@example.org/x");
  CHECK(given(ws, "//:about") ==
        "{ //:by-axis = 'b' //:by-default = 'b' //:by-fn = 'b' //:by-import = 'b' "
        "//:by-let = 'b' //:by-name = 'b' //:by-rule = 'b' //:by-where = 'b' "
        "//sub:by-label = 'https://example.org/x' }");
  CHECK(ws.inputs("//:about") == "all.txt build.devgraph lib/rules.devgraph sub/build.devgraph");
  // Who says it is not what it was made with.
  CHECK(given(ws, "//:less") == "{ //:by-fn = 'b' }");
  CHECK(ws.inputs("//:less") == "called build.devgraph");
}

TEST_CASE("a provenance names the nodes that made its subjects") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
axis lang = ["en", "d/e"]
write book[lang] {
  text = lang
  to   = "{lang}.txt"
}
write part { text = "x" }
copy  all  { file = part }
provenance about { of = [book, all, ./build.devgraph] }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  const std::string args = ws.args("//:about");
  CHECK(args.substr(args.find("targets")) ==
        "targets = ['//:all' '//:book@lang=d%2Fe' '//:book@lang=en'] }");
}
