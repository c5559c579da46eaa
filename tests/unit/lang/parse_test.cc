#include "lang/parse.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ast_text.h"

namespace devgraph::lang {
namespace {

struct Parsed {
  Sources sources;
  Diagnostics found;
  ast::File file;
  explicit Parsed(std::string text) {
    const SourceId id = sources.add("build.devgraph", std::move(text));
    file = parse(sources, id, found);
  }
  std::string errors() const { return render_text(found, sources, false); }
};

/// The tree of one expression.
std::string expr(const std::string& text) {
  const Parsed parsed("let x = " + text + "\n");
  if (parsed.found.has_errors()) return parsed.errors();
  REQUIRE(parsed.file.decls.size() == 1);
  return to_text(*std::get<ast::Let>(parsed.file.decls[0]->value).value);
}

std::string type(const std::string& text) {
  const Parsed parsed("type X = " + text + "\n");
  if (parsed.found.has_errors()) return parsed.errors();
  REQUIRE(parsed.file.decls.size() == 1);
  return to_text(*std::get<ast::TypeDef>(parsed.file.decls[0]->value).type);
}

std::string decls(const std::string& text) {
  const Parsed parsed(text);
  return parsed.found.has_errors() ? parsed.errors() : to_text(parsed.file);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

struct Case {
  const char* text;
  const char* want;
};

TEST_CASE("every form of a value is read") {
  const Case cases[] = {
      {"none", "none"},
      {"true", "true"},
      {"-3", "-3"},
      {"30m", "30m"},
      {"8GiB", "8GiB"},
      {"a", "a"},
      {"kebab-case-1", "kebab-case-1"},
      {"[]", "[]"},
      {"[1, 2,]", "[1 2]"},
      {"[\n 1 # one\n 2\n]", "[1 2]"},
      {"[...xs, 3]", "[...xs 3]"},
      {"{}", "(record)"},
      {"{ a = 1, \"b c\" = 2, d, e.f, ...g }",
       "(record (a 1) ('b\x20"
       "c' 2) (pun d d) (pun f (. e f)) (...g))"},
      {"{ \"{k}-x\" = 1 }", "(record ('(str {k} \"-x\")' 1))"},
      {"{ if = 1, in = 2 }", "(record (if 1) (in 2))"},
      {"[for p in xs: f(p)]", "[each (for p xs -) (call f p)]"},
      {"[for p in xs if p != \"a\": p]", "[each (for p xs (!= p (str \"a\"))) p]"},
      {"[for a in xs for b in ys: a]", "[each (for a xs -) (for b ys -) a]"},
      {"{for k, v in m: \"{k}-x\" = v}", "(each (for k,v m -) (str {k} \"-x\") v)"},
      {"f(a, b = 2, ...c)", "(call f a b=2 ...c)"},
      {"x[py, arch = \"a\", os in [\"b\"], 0]",
       "(index x py arch=(str \"a\") os in [(str \"b\")] 0)"},
      {"a.b?.c", "(?. (. a b) c)"},
      {"a\n  .b", "(. a b)"},
      {"f(x)[0].y", "(. (index (call f x) 0) y)"},
      {"if a then b else c", "(if a b c)"},
      {"if a\n then b\n else if c then d else e", "(if a b (if c d e))"},
      {"match x { \"a\" | \"b\" => 1, _ => 2 }",
       "(match x ((str \"a\") (str \"b\") => 1) (_ => 2))"},
      {"match x {\n 1 => a\n none => b\n true => c\n}",
       "(match x (1 => a) (none => b) (true => c))"},
      {"image { a = 1 }", "(node image (a 1))"},
      {"go.binary { }", "(node go.binary)"},
      {"(a)", "a"},
      {"x as [string]", "(as x [string])"},
      {"//a/b:c", "(label //a/b:c)"},
      {"//:c", "(label //:c)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(expr(c.text) == c.want);
  }
}

TEST_CASE("operators bind as the reference says") {
  const Case cases[] = {
      {"a ?? b ?? c", "(?? (?? a b) c)"},
      {"a or b and c", "(or a (and b c))"},
      {"not a == b", "(not (== a b))"},
      {"not not a", "(not (not a))"},
      {"not a and not b", "(and (not a) (not b))"},
      {"a + b - c", "(- (+ a b) c)"},
      {"a + b / c", "(+ a (/ b c))"},
      {"dir / \"x\" / y", "(/ (/ dir (str \"x\")) y)"},
      {"a + b == c + d", "(== (+ a b) (+ c d))"},
      {"a in b or c", "(or (in a b) c)"},
      {"(a or b) and c", "(and (or a b) c)"},
      {"a +\n  b", "(+ a b)"},
      {"x as string + y", "(+ (as x string) y)"},
      {"a ?? b == c", "(?? a (== b c))"},
      {"f(a + 1, not b)", "(call f (+ a 1) (not b))"},
      {"a + [b or c]", "(+ a [(or b c)])"},
      {"a >= b", "(>= a b)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(expr(c.text) == c.want);
  }
}

TEST_CASE("strings: escapes, holes, raw, several lines") {
  const Case cases[] = {
      {R"("")", "(str)"},
      {R"("a{x}b")", R"((str "a" {x} "b"))"},
      {R"("{ x }")", "(str {x})"},
      {R"("{f(p, "-")}")", R"((str {(call f p (str "-"))}))"},
      {R"("\" \\ \{ \} \n \t \r \x41 \u{1F600}")",
       R"((str "\x22 \x5c { } \x0a \x09 \x0d A \xf0\x9f\x98\x80"))"},
      {R"('a\d{2}"')", R"((raw "a\x5cd{2}\x22"))"},
      {"'''a\n'b'''", R"((raw "a\x0a'b"))"},
      {"\"\"\"\na\n \"b\" {x}\n\"\"\"", R"((str "a\x0a \x22b\x22 " {x} "\x0a"))"},
      {"\"\"\"\r\na\r\nb\"\"\"", R"((str "a\x0ab"))"},
      {"\"\"\"\n\"\"\"", "(str)"},
      {"\"\"\"\n{x}\"\"\"", "(str {x})"},
      {"''", "(raw)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(expr(c.text) == c.want);
  }
}

TEST_CASE("paths: folders, wildcards, holes, quotes") {
  const Case cases[] = {
      {"./", "(path ./ folder)"},
      {"//", "(path // folder)"},
      {"./a/b.c", R"((path ./ "a/b.c"))"},
      {"./.env", R"((path ./ ".env"))"},
      {"//a/**/*.py", R"((path // glob "a/**/*.py"))"},
      {"./a/{x}/b/", R"((path ./ folder "a/" {x} "/b/"))"},
      {R"(./"a b*"/c)", R"((path ./ q "a b*" "/c"))"},
      {R"(./"a{x}"?)", R"((path ./ glob q "a" q {x} "?"))"},
      {"[./a, ./b]", R"([(path ./ "a") (path ./ "b")])"},
      {"[for p in ./a/*: p]", R"([each (for p (path ./ glob "a/*") -) p])"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(expr(c.text) == c.want);
  }
}

TEST_CASE("every form of a type is read") {
  const Case cases[] = {
      {"string", "string"},
      {"[file]?", "([file])?"},
      {"{string}", "{string}"},
      {"{ a: int, b: [T]? }", "{ a: int b: ([T])? }"},
      {"{ a: int\n b: T\n}", "{ a: int b: T }"},
      {"\"a\" | \"b\"?", "((| \"a\" \"b\"))?"},
      {"{[file] | tree}", "{(| [file] tree)}"},
      {"(a | b)", "(| a b)"},
      {"a |\n  b", "(| a b)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(type(c.text) == c.want);
  }
}

std::string script(const std::string& lines) {
  const Parsed parsed("run x {\n" + lines + "\n}\n");
  if (parsed.found.has_errors()) return parsed.errors();
  const auto& node = std::get<ast::Node>(parsed.file.decls.at(0)->value);
  return to_text(*node.block.fields.at(0).value);
}

TEST_CASE("scripts: holes are tight, everything else is the shell's") {
  const Case cases[] = {
      {"  $ echo hi", R"((script ($ "echo hi")))"},
      {"  $", "(script ($))"},
      {"\t$\techo", R"((script ($ "echo")))"},
      {"  $ a\n  > b\n  # note\n\n  $ c", R"((script ($ "a") (> "b") ($ "c")))"},
      {"  $ cp {a} {b.c?.d} {f(x, \"}\")} {g[0]}",
       R"((script ($ "cp " {a} " " {(?. (. b c) d)} " " {(call f x (str "}"))} " " {(index g 0)})))"},
      {"  $ ${VAR} {{.Go}} {} {a,b} {print $1} { x }",
       R"((script ($ "${VAR} {{.Go}} {} {a,b} {print $1} { x }")))"},
      {R"(  $ \{x\} \n \\{x})", R"((script ($ "{x} \x5cn \x5c\x5c" {x})))"},
      {"  $ awk '{gsub(/a/,\"b\")}'", R"((script ($ "awk '{gsub(/a/,\x22b\x22)}'")))"},
      {"  $ {f([1,\n  2])}", "error"},
      {"  $ a \\\n  > b", R"((script ($ "a \x5c") (> "b")))"},
      {"  $ a\r\n  $ b\r", R"((script ($ "a") ($ "b")))"},
      {"  $ {f({f({f(", R"((script ($ "{f({f({f(")))"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const std::string got = script(c.text);
    if (std::string_view(c.want) == "error") {
      CHECK(got.starts_with("error[E"));
    } else {
      CHECK(got == c.want);
    }
  }
}

TEST_CASE("every declaration is read") {
  const Case cases[] = {
      {"devgraph 1\nuse //a/b { c, d as e }", "devgraph 1\nuse (path // \"a/b\") c d as e\n"},
      {"workspace { out = \"o\" }", "workspace (out (str \"o\"))\n"},
      {"param a: int = 3 where a > 2", "param a: int = 3 where (> a 2)\n"},
      {"param a: int\n  where a > 2\nparam b: string",
       "param a: int = - where (> a 2)\nparam b: string = - where -\n"},
      {"axis a = [1]\nlate axis b = names(x.out)",
       "axis a = [1]\nlate axis b = (call names (. x out))\n"},
      {"let a: string = b", "let a: string = b\n"},
      {"let a = 1, let b = 2", "let a: - = 1\nlet b: - = 2\n"},
      {"assert a == b, \"no\"", "assert (== a b), (str \"no\")\n"},
      {"run a { }", "node run a where -\n"},
      {"go.bin a[x, y in [1]] where x != 2 { z }",
       "node go.bin a[ x in - y in [1]] where (!= x 2) (pun z z)\n"},
      {"fn f(a: string, b: int = 1) -> [string] = [a]",
       "fn f (a: string = -) (b: int = 1) -> [string] = [a]\n"},
      {"fn f() =\n  1", "fn f -> - = 1\n"},
      {"type T = { a: tree }", "type T = { a: tree }\n"},
      {"extern effect rule p(a: T?) -> { r: file }",
       "extern effect rule p (a: (T)? = -) -> { r: file }\n"},
      {"effect rule r(\n  a: T\n  b: T = 1\n) {\n  axis x = [a]\n  let y = 1\n  assert y, \"m\"\n"
       "  run self { a }\n}",
       "effect rule r (a: T = -) (b: T = 1) -> - <axis x = [a]> <let y: - = 1>"
       " <assert y, (str \"m\")> <node run self where - (pun a a)>\n"},
      {"type x { }", "type x"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const std::string got = decls(c.text);
    if (std::string_view(c.want) == "type x") {
      CHECK(got.starts_with("error["));
    } else {
      CHECK(got == c.want);
    }
  }
}

TEST_CASE("docs belong to what stands right below them") {
  CHECK(decls("## one\n##two\nlet a = 1\n\n## far\n\nlet b = 2 ## behind\nlet c = 3\n") ==
        "let a: - = 1 ##\"one\" ##\"two\"\nlet b: - = 2\nlet c: - = 3\n");
  CHECK(decls("rule r(\n  ## p\n  a: T\n) {\n  ## n\n  run x {\n    ## f\n    y = 1\n  }\n}\n") ==
        "rule r (a: T = - ##\"p\") -> - <node run x where - (y 1 ##\"f\") ##\"n\">\n");
}

TEST_CASE("comments are kept once each, with their place") {
  const Parsed parsed("# a\nlet x = [ # b\n  1 # c\n]\n\n# d");
  REQUIRE(parsed.file.comments.size() == 4);
  CHECK(parsed.file.comments[0].own_line);
  CHECK(!parsed.file.comments[1].own_line);
  CHECK(!parsed.file.comments[2].own_line);
  CHECK(parsed.file.comments[3].own_line);
}

TEST_CASE("a byte order mark and CR LF are accepted") {
  CHECK(decls("\xEF\xBB\xBF"
              "devgraph 1\r\nrun a {\r\n  b = 1\r\n  $ c\r\n}\r\n") ==
        "devgraph 1\nnode run a where - (b 1) (script (script ($ \"c\")))\n");
}

TEST_CASE("the example manifests parse without a fault") {
  int count = 0;
  for (const char* folder : {TESTS_DIR "/golden/parse", TESTS_DIR "/../stdlib"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".devgraph") continue;
      CAPTURE(entry.path().string());
      const Parsed parsed(read_file(entry.path()));
      CHECK(parsed.errors() == "");
      CHECK(!parsed.file.decls.empty());
      ++count;
    }
  }
  CHECK(count >= 11);
}

}  // namespace
}  // namespace devgraph::lang
