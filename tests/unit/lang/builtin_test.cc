/// The built-in functions, each held against a value by an `assert` of the manifest itself.

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

const char* const kTrue[] = {
    R"(len([1, 2]) == 2 and len("é") == 2 and len({ a = 1 }) == 1)",
    R"(keys({ b = 1, a = 2 }) == ["b", "a"] and values({ b = 1, a = 2 }) == [1, 2])",
    R"(has({ a = 1 }, "a") and not has({ a = 1 }, "b"))",
    R"(has(cells[f = "a"]) and not has(cells[f = pick]))",
    R"(sort(["b", "a", "B"]) == ["B", "a", "b"] and sort([10, 9]) == [9, 10])",
    R"(unique([2, 1, 2]) == [2, 1] and reverse([1, 2]) == [2, 1])",
    R"(flatten([[1], [2, 3]]) == [1, 2, 3] and range(2, 5) == [2, 3, 4] and range(5, 2) == [])",
    R"(zip([1], ["a"])[0].b == "a")",
    R"(group(["a-1", "b-1", "a-2"], '^(.)-') == { a = ["a-1", "a-2"], b = ["b-1"] })",
    R"(join("-", ["a", "b"]) == "a-b" and join(",", []) == "")",
    R"(split("a,b,", ",") == ["a", "b", ""] and split("", ",") == [""])",
    R"(trim(" a\n") == "a" and lower("ÄB") == "Äb" and upper("ab") == "AB")",
    R"(replace("aXbX", "X", "--") == "a--b--" and sub("a1b22", '(\d+)', '<\1>') == "a<1>b<22>")",
    R"(before("a-b-c", "-") == "a" and after_last("a-b-c", "-") == "c" and before("abc", "-") == "abc")",
    R"(prefix("-I", ["a", "b"]) == ["-Ia", "-Ib"] and suffix(["a"], ".o") == ["a.o"])",
    R"(find("v1.2", 'v(\d)') == "1" and find("v1.2", '\d') == "1")",
    R"(find_all("a1b2", '\d') == ["1", "2"] and matches("abc", 'b') and not matches("abc", '^b'))",
    R"(starts("abc", "ab") and ends("abc", "bc"))",
    R"(str(1) == "1" and str(true) == "true" and int("-3") == -3 and bool("true"))",
    R"(version("1.10.0") > version("1.9.0") and version("1.0.0-rc.1") < version("1.0.0"))",
    R"(bump(version("1.2.3"), "minor") == version("1.3.0") and floor(version("1.9.3"), "minor") == version("1.9.0"))",
    R"(version("1.2.3").minor == 2)",
    R"(base(./d/a.tar.gz) == "a.tar.gz" and stem(./d/a.tar.gz) == "a" and ext(./d/a.tar.gz) == "tar.gz")",
    R"(parent(./d/a.tar.gz) == "d")",
    R"(maybe(./none/**) == [] and maybe(./none) == none and maybe(./list) != none)",
    R"(names(files(./d/)) == ["a.tar.gz", "b"] and names(./d/) == ["a.tar.gz", "b"])",
    R"(names([./d/*, ./list]) == ["a.tar.gz", "b", "list"])",
    R"(read(./list) == "one\n\n# two\nthree\n")",
    R"(lines(./list) == ["one", "# two", "three"] and lines(./list, comments = true) == ["one", "three"])",
    R"(exists(./list) and not exists(./none))",
    R"((json(./x.json).a[1] as int) == 2 and (json(./x.json).f as string) == "1.50" and json(./x.json)?.z == none)",
    R"((toml(./x.toml).t.s as string) == "x" and (toml(./x.toml).d as string) == "2024-01-02" and (toml(./x.toml).n as string) == "7")",
    R"((yaml(./x.yaml).b as string) == "yes" and (yaml(./x.yaml).l[0] as int) == 1 and (yaml(./x.yaml).q as string) == "1")",
    R"((dotenv(./x.env).A as string) == "1 2" and (dotenv(./x.env).B as string) == "$A")",
    R"(env("HOME") == none and (env("PATH") ?? "") == "/bin")",
    R"({for k, v in { a = 1, b = 2 } if v > 1: "{k}-x" = v} == { b-x = 2 })",
    R"([for a in [1, 2] for b in ["x"]: "{a}{b}"] == ["1x", "2x"])",
    R"((match pick { "a" | "b" => 1, _ => 2 }) == 2)",
    R"("a" in ["a"] and "k" in { k = 1 } and 2 in [for x in [1, 2]: x])",
    R"(30m == 1800s and 1KiB > 1kB and [1] + [2] == [1, 2] and { a = 1 } + { a = 2 } == { a = 2 })",
    R"(twice("ab") == "abab" and 1 + 2 - 3 == 0)",
};

}  // namespace

TEST_CASE("built-in functions give what the reference says") {
  LoadedWorkspace ws;
  ws.put("list", "one\n\n# two\nthree\n");
  ws.put("d/a.tar.gz", "");
  ws.put("d/b", "");
  ws.put("x.json", R"({"a": [1, 2], "f": 1.50, "n": null})");
  ws.put("x.toml", "d = 2024-01-02\nn = 7\n[t]\ns = \"x\"\n");
  ws.put("x.yaml", "b: yes\nl: [1]\nq: \"1\"\n");
  ws.put("x.env", "export A=\"1 2\"  # note\nB='$A'\n");
  for (const char* condition : kTrue) {
    CAPTURE(condition);
    ws.put("build.devgraph", fmt::format(R"(devgraph 1
axis f = ["a", "b"]
let pick = "{{"c"}}"
fn twice(s: string) -> string = s + s
run cells[f] {{
  out = "o"
  $ touch {{out}}
}}
assert {}, "does not hold"
)",
                                         condition));
    CHECK_MESSAGE(ws.load(), ws.errors());
  }
}

TEST_CASE("helpers make words of a command") {
  LoadedWorkspace ws;
  ws.put("a b.c", "");
  ws.put("x.c", "");
  ws.put("build.devgraph", R"(devgraph 1
let srcs = ./*.c
let no: string? = none
run r {
  out = "o"
  $ sort {opt("-k", 1)} {opt("-x", no)} {opt("-r", true)} {opts({ a = 1, b = true, c = false })} > {out}
}
run e {
  out = "o"
  $ sort {each("-D", { A = "1", F = srcs[0] })} {prefix("-I", srcs)} > {out}
}
run f {
  out = "o"
  $ sort {rsp(srcs)} --files={join(",", srcs)} > {out}
}
run j {
  out = "o"
  argv = ["sort", join(":", srcs), out, srcs]
}
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:r") == "{ argv = ['sort' ['-k' 1] [] ['-r'] ['--a' 1 '--b']] stdout = >0 }");
  CHECK(ws.args("//:e") ==
        "{ argv = ['sort' ['-D' 'A=1' '-D' 'F='+<a b.c] ['-I'+<a b.c '-I'+<x.c]] stdout = >0 }");
  CHECK(ws.args("//:j") == "{ argv = ['sort' <a b.c+':'+<x.c >0 <a b.c <x.c] }");
  CHECK(ws.args("//:f") == "{ dg1 = @[<a b.c <x.c] dg2 = <a b.c+','+<x.c dg3 = >0 }");
}
