#include "lang/shell.h"

#include <doctest/doctest.h>

#include "tests/unit/lang/script_text.h"

using namespace devgraph;
using namespace devgraph::lang;

namespace {

struct Compiled {
  ScriptText text;
  Diagnostics found;
  CompiledScript script;

  explicit Compiled(const std::string& lines)
      : text(lines), script(compile_script(text.script, text.sources, found)) {}

  std::string errors() const {
    std::string all;
    for (const Diagnostic& one : found.all())
      all += one.code + " " + one.message + "\n";
    return all;
  }
};

struct Accepted {
  const char* name;
  const char* script;
  const char* body;
};

}  // namespace

TEST_CASE("a hole becomes a parameter quoted for the place it stands in") {
  const Accepted cases[] = {
      {"word", "$ echo {x}", "dg_at 0\necho \"${dg1[@]}\"\n"},
      {"glued", "$ echo -I{x}", "dg_at 0\necho -I\"${dg1}\"\n"},
      {"glued behind", "$ echo {x}.c", "dg_at 0\necho \"${dg1}\".c\n"},
      {"two holes in a word", "$ echo {x}{y}", "dg_at 0\necho \"${dg1}\"\"${dg2}\"\n"},
      {"double quotes", "$ echo \"a {x} b\"", "dg_at 0\necho \"a ${dg1} b\"\n"},
      {"single quotes", "$ echo 'a {x} b'", "dg_at 0\necho 'a '\"${dg1}\"' b'\n"},
      {"ansi quotes", "$ echo $'a\\t{x}\\n'", "dg_at 0\necho $'a\\t'\"${dg1}\"$'\\n'\n"},
      {"substitution", "$ echo \"$(cat {x})\"", "dg_at 0\necho \"$(cat \"${dg1[@]}\")\"\n"},
      {"nested quotes", "$ echo \"$(cat \"{x}\")\"", "dg_at 0\necho \"$(cat \"${dg1}\")\"\n"},
      {"process substitution", "$ diff <(sort {x}) {y}",
       "dg_at 0\ndiff <(sort \"${dg1[@]}\") \"${dg2[@]}\"\n"},
      {"assignment", "$ v={x}", "dg_at 0\nv=\"${dg1}\"\n"},
      {"array", "$ v=({x} a{y})", "dg_at 0\nv=(\"${dg1[@]}\" a\"${dg2}\")\n"},
      {"keyed array", "$ v=([1]={x})", "dg_at 0\nv=([1]=\"${dg1}\")\n"},
      {"redirection", "$ cat <{x} >>{y}", "dg_at 0\ncat <\"${dg1}\" >>\"${dg2}\"\n"},
      {"redirection from a substitution", "$ cat < <(sort {x})",
       "dg_at 0\ncat < <(sort \"${dg1[@]}\")\n"},
      {"here-string", "$ cat <<< {x}", "dg_at 0\ncat <<< \"${dg1}\"\n"},
      {"here-document", "$ cat <<EOF\n> a {x}\n> EOF", "dg_at 0\ncat <<EOF\na ${dg1}\nEOF\n"},
      {"here-document in a substitution", "$ v=$(cat <<E\n> {x}\n> E\n> )",
       "dg_at 0\nv=$(cat <<E\n${dg1}\nE\n)\n"},
      {"command in a here-document", "$ cat <<EOF\n> $(cat {x})\n> EOF",
       "dg_at 0\ncat <<EOF\n$(cat \"${dg1[@]}\")\nEOF\n"},
      {"two here-documents", "$ cat <<A - <<'B'\n> {x}\n> A\n> b\n> B",
       "dg_at 0\ncat <<A - <<'B'\n${dg1}\nA\nb\nB\n"},
      {"case", "$ case {x} in\n> a) echo {y} ;;\n> {z}*) ;;\n> esac",
       "dg_at 0\ncase \"${dg1}\" in\na) echo \"${dg2[@]}\" ;;\n\"${dg3}\"*) ;;\nesac\n"},
      {"case in a substitution", "$ v=$(case a in a) echo {x};; esac)",
       "dg_at 0\nv=$(case a in a) echo \"${dg1[@]}\";; esac)\n"},
      {"condition", "$ [[ {x} == a && -f {y} ]]",
       "dg_at 0\n[[ \"${dg1}\" == a && -f \"${dg2}\" ]]\n"},
      {"regular expression", "$ [[ $a =~ ^(a|b c){x}$ ]]",
       "dg_at 0\n[[ $a =~ ^(a|b c)\"${dg1}\"$ ]]\n"},
      {"loop", "$ for f in {x}; do\n>   cp \"$f\" {y}/\n> done",
       "dg_at 0\nfor f in \"${dg1[@]}\"; do\n  cp \"$f\" \"${dg2}\"/\ndone\n"},
      {"line join", "$ cp {x} \\\n>   {y}", "dg_at 0\ncp \"${dg1[@]}\" \\\n  \"${dg2[@]}\"\n"},
      {"two commands", "$ a {x}\n$ b {y}", "dg_at 0\na \"${dg1[@]}\"\ndg_at 1\nb \"${dg2[@]}\"\n"},
      {"comment", "$ a # not {x}, it's", "dg_at 0\na # not {}, it's\n"},
      {"brace expansion", "$ echo {a,b}{x} c{d,{y}}",
       "dg_at 0\necho {a,b}\"${dg1}\" c{d,\"${dg2}\"}\n"},
      {"the shell's own braces", "$ awk '{print $1}' ${HOME} {{.Go}} \\{x\\}",
       "dg_at 0\nawk '{print $1}' ${HOME} {{.Go}} {x}\n"},
      {"function", "$ f() {\n>   echo \"$1\"\n> }\n$ f {x}",
       "dg_at 0\nf() {\n  echo \"$1\"\n}\ndg_at 3\nf \"${dg1[@]}\"\n"},
      {"arithmetic without holes", "$ (( n = 1 << 2 )); echo $((n + (1))) {x}",
       "dg_at 0\n(( n = 1 << 2 )); echo $((n + (1))) \"${dg1[@]}\"\n"},
      {"two subshells", "$ ((echo {x}); echo b)", "dg_at 0\n((echo \"${dg1[@]}\"); echo b)\n"},
      {"a pipe at the end", "$ cat {x} |\n>   sort", "dg_at 0\ncat \"${dg1[@]}\" |\n  sort\n"},
      {"sh with a parameter", "$ sh -c 'echo \"$1\"' sh {x}",
       "dg_at 0\nsh -c 'echo \"$1\"' sh \"${dg1[@]}\"\n"},
      {"export", "$ export A={x} B", "dg_at 0\nexport A=\"${dg1}\" B\n"},
      {"test", "$ [ {x} = {y} ] && [ -n \"{z}\" ]",
       "dg_at 0\n[ \"${dg1[@]}\" = \"${dg2[@]}\" ] && [ -n \"${dg3}\" ]\n"},
      {"raw", "$ eval {raw(x)}",
       "dg_at 0\neval \x01"
       "0\x01\n"},
      {"if", "$ if a {x}; then\n> b\n> elif c; then d; else e; fi",
       "dg_at 0\nif a \"${dg1[@]}\"; then\nb\nelif c; then d; else e; fi\n"},
      {"input of a script", "$ bash run.sh <<< {x}", "dg_at 0\nbash run.sh <<< \"${dg1}\"\n"},
      {"nested closers", "$ if a; then while b; do { c; } done fi",
       "dg_at 0\nif a; then while b; do { c; } done fi\n"},
  };
  for (const Accepted& one : cases) {
    CAPTURE(std::string(one.name));
    const Compiled made(one.script);
    CHECK_EQ(made.errors(), "");
    CHECK_EQ(made.script.body, one.body);
  }
}

TEST_CASE("what a hole is next to is told to the checker") {
  const Compiled made("$ a {x} -I{y} \"{z}\" v={w} <{v}");
  REQUIRE_EQ(made.script.holes.size(), 5);
  CHECK((made.script.holes[0].context == HoleContext::Word));
  CHECK((made.script.holes[1].context == HoleContext::Glued));
  CHECK((made.script.holes[2].context == HoleContext::Quoted));
  CHECK((made.script.holes[3].context == HoleContext::Glued));
  CHECK((made.script.holes[4].context == HoleContext::Glued));
  const auto text = [&](std::size_t i) {
    const Range& range = made.script.holes[i].range;
    return std::string(made.text.sources.text(range.source))
        .substr(range.begin, range.end - range.begin);
  };
  CHECK_EQ(text(0), "{x}");
  CHECK_EQ(text(1), "-I{y}");
  CHECK_EQ(text(2), "{z}");
  CHECK_EQ(text(3), "v={w}");
}

TEST_CASE("what cannot be compiled exactly is refused") {
  struct Refused {
    const char* script;
    const char* code;
  };
  const Refused cases[] = {
      {"$ echo 'a", "E218"},
      {"$ echo \"a", "E218"},
      {"$ echo $(a", "E218"},
      {"$ echo ${a", "E218"},
      {"$ cat <<EOF\n> a", "E218"},
      {"$ for x in a; do", "E218"},
      {"$ a &&", "E218"},
      {"$ a \\", "E218"},
      {"$ { a", "E218"},
      {"$ cat <<'EOF'\n> {x}\n> EOF", "E208"},
      {"$ cat <<\\EOF\n> {x}\n> EOF", "E208"},
      {"$ echo `cat {x}`", "E209"},
      {"$ echo \"`cat {x}`\"", "E209"},
      {"$ eval {x}", "E210"},
      {"$ eval \"a {x}\"", "E210"},
      {"$ command eval {x}", "E210"},
      {"$ sh -c 'a {x}'", "E210"},
      {"$ bash -euo pipefail -c \"a {x}\"", "E210"},
      {"$ find . -exec /bin/sh -ec 'a {x}' \\;", "E210"},
      {"$ trap \"rm {x}\" EXIT", "E210"},
      {"$ printf {x} {y}", "E210"},
      {"$ [ {x} {y} ]", "E210"},
      {"$ PS4={x}", "E210"},
      {"$ export PS4={x}", "E210"},
      {"$ declare PS4={x}", "E210"},
      {"$ bash +x -c {x}", "E210"},
      {"$ bash <<< {x}", "E210"},
      {"$ env A=1 bash -x <<EOF\n> echo {x}\n> EOF", "E210"},
      {"$ <<EOF sh -s a\n> echo {x}\n> EOF", "E210"},
      {"$ echo $(( {x} + 1 ))", "E211"},
      {"$ (( {x} ))", "E211"},
      {"$ a[{x}]=1", "E211"},
      {"$ a=([{x}]=1)", "E211"},
      {"$ let {x}", "E211"},
      {"$ [[ {x} -eq 1 ]]", "E211"},
      {"$ declare -i n\n$ n={x}", "E211"},
      {"$ echo $[ {x} ]", "E211"},
      {"$ echo ${a:-{x}}", "E212"},
      {"$ echo \"${a:-{x}}\"", "E212"},
      {"$ for {x} in a; do :; done", "E213"},
      {"$ read {x}", "E213"},
      {"$ export {x}", "E213"},
      {"$ unset {x}", "E213"},
      {"$ printf -v {x} a", "E213"},
      {"$ [[ -v {x} ]]", "E213"},
      {"$ cat <<{x}\n> a\n> EOF", "E213"},
      {"$ {x}=1", "E213"},
      {"$ echo 'a\n$ b'", "E214"},
      {"$ for x in a; do\n$ b\n$ done", "E214"},
      {"$ cat <<EOF\n$ EOF", "E214"},
      {"$ a \\\n$ b", "E214"},
      {"$ a\n> b", "E215"},
      {"$ a >&{x}", "E216"},
      {"$ echo $\"a {x}\"", "E216"},
      {"$ [[ $a =~ [{x}] ]]", "E216"},
      {"$ done", "E217"},
      {"$ echo )", "E217"},
      {"$ a ;; b", "E217"},
      {"$ if a; fi", "E217"},
      {"$ echo {1..{x}}", "E216"},
      {"$ echo a\x01", "E219"},
  };
  for (const Refused& one : cases) {
    CAPTURE(std::string(one.script));
    const Compiled made(one.script);
    CHECK_EQ(made.found.all().size(), 1);
    if (made.found.all().empty()) continue;
    CHECK_EQ(made.found.all().front().code, one.code);
    CHECK_FALSE(made.found.all().front().helps.empty());
    CHECK_FALSE(made.script.simple.has_value());
  }
}

TEST_CASE("one command of words, holes and redirections needs no shell") {
  const Compiled made("$ cc -O2 -o {out} {src} 'a b'\"c\\\"\"d\\ e \"\" < {in} 2>> log");
  REQUIRE(made.script.simple.has_value());
  const SimpleCommand& simple = *made.script.simple;
  REQUIRE_EQ(simple.words.size(), 7);
  CHECK_EQ(simple.words[0][0].text, "cc");
  CHECK_EQ(simple.words[3][0].hole.value(), 0);
  CHECK_EQ(simple.words[4][0].hole.value(), 1);
  CHECK_EQ(simple.words[5][0].text, "a bc\"d e");
  CHECK_EQ(simple.words[6][0].text, "");
  REQUIRE_EQ(simple.redirects.size(), 2);
  CHECK_EQ(simple.redirects[0].fd, 0);
  CHECK_EQ(simple.redirects[0].target[0].hole.value(), 2);
  CHECK_EQ(simple.redirects[1].fd, 2);
  CHECK(simple.redirects[1].append);
}

TEST_CASE("whatever bash would do more than run a program keeps bash") {
  for (const char* script :
       {"$ a | b",  "$ a; b",    "$ a && b",     "$ a $x",    "$ a *.c",    "$ a ~/b", "$ x=1 a",
        "$ cd a",   "$ {x}/b a", "$ a `b`",      "$ a\n$ b",  "$ a &",      "$ (a)",   "$ a {b,c}",
        "$ ! a",    "$ a 3>b",   "$ a >&2",      "$ a <<< b", "$ a \"$x\"", "$ a [b]", "$ while",
        "$ echo a", "$ 1>a",     "$ a {raw(x)}", "$ a 0>b",   "$ a 12>b"}) {
    CAPTURE(std::string(script));
    CHECK_FALSE(Compiled(script).script.simple.has_value());
  }
  for (const char* script : {"$ true", "$ :", "$ {x} a", "$ a b=c --d=e", "$ a '$x' '*' \\* # c",
                             "$ a \\\n>  b", "$ ./a {x}", "$ a 5 > b"}) {
    CAPTURE(std::string(script));
    CHECK(Compiled(script).script.simple.has_value());
  }
}

TEST_CASE("an error shows the place, what is wrong there, and the cure") {
  const Compiled made(
      "$ for f in *.c; do\n>   sh -c \"cc {flags} $f\"\n> done\n$ n=$(( {count} + 1 ))\n"
      "$ cat <<'EOF'\n> {name}\n> EOF\n$ echo it's");
  CHECK_EQ(render_text(made.found, made.text.sources, false),
           R"(error[E210]: the text behind `sh -c` is run as code
  --> build.devgraph:2:15
 2 | >   sh -c "cc {flags} $f"
   |               ^^^^^^^ would become code
   = pass the value as a parameter: `sh -c '… "$1" …' sh {flags}`

error[E211]: a hole cannot stand in shell arithmetic
  --> build.devgraph:4:9
 4 | $ n=$(( {count} + 1 ))
   |         ^^^^^^^ bash would evaluate the value as code
   = compute it in the manifest; an int may get a name first: `$ n={count}`, and `n` here

error[E208]: a hole cannot stand in a here-document that does not expand
  --> build.devgraph:6:3
 6 | > {name}
   |   ^^^^^^ taken as plain text by bash
   = write `<<EOF` without quotes, and `\$` for a dollar sign

error[E218]: this quoted text is not finished
  --> build.devgraph:8:10
 8 | $ echo it's
   |          ^ starts here
   = close it with `'`; a line that continues the command starts with `>`
)");
}
