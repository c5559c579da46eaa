/// Runs compiled scripts by the real bash: what a command receives must be the value, byte for
/// byte.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lang/shell.h"
#include "tests/unit/lang/script_text.h"

using namespace devgraph;
using namespace devgraph::lang;

namespace {

std::string single_quoted(const std::string& value) {
  std::string made = "'";
  for (const char c : value)
    made += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return made + "'";
}

/// Values that a shell could take for something else, then random strings of the same stuff.
std::vector<std::string> hostile_values() {
  std::vector<std::string> values = {"",
                                     " ",
                                     "\n",
                                     "\n\n",
                                     "a\n",
                                     "'",
                                     "\"",
                                     "`",
                                     "\\",
                                     "\\\\",
                                     "$",
                                     "$x",
                                     "${x}",
                                     "$(echo pwned)",
                                     "`echo pwned`",
                                     "$((1+1))",
                                     "*",
                                     "?",
                                     "[a]",
                                     "~",
                                     "~root",
                                     "-n",
                                     "--",
                                     "-v",
                                     "-rf",
                                     "a b",
                                     " a",
                                     "a ",
                                     "\t",
                                     "!",
                                     "!!",
                                     "#",
                                     "# a",
                                     ";",
                                     "; echo pwned",
                                     "&",
                                     "|",
                                     "<",
                                     ">",
                                     "(",
                                     ")",
                                     "{a,b}",
                                     "{1..3}",
                                     "a=b",
                                     "EOF",
                                     "\nEOF\n",
                                     "$'a'",
                                     "'; echo pwned; '",
                                     "\"; echo pwned; \"",
                                     "\xff\xfe",
                                     "\xc3",
                                     "\x80\x81",
                                     "\x01",
                                     "\x7f",
                                     "\x1b[31m",
                                     "%s",
                                     "%n",
                                     "\\n",
                                     "\\x41",
                                     "esac",
                                     "a\\\nb",
                                     "[0]=x",
                                     "a[$(echo pwned)]",
                                     "\r\n",
                                     "done",
                                     "}",
                                     "\u00e9\u202e"};
  const std::vector<std::string> parts = {
      "'", "\"",   "`",        "$",    "(", ")", "{",   "}",  "\\", "\n",  " ", "\t", "*",
      "?", "[",    "]",        "~",    "-", "!", "#",   ";",  "&",  "|",   "<", ">",  "=",
      "%", "\xff", "\xc3\xa9", "\x01", "a", "b", "EOF", "$(", "${", "dg1", "@"};
  std::mt19937 random(20240229);
  while (values.size() < 500) {
    std::string value;
    for (auto left = random() % 12 + 1; left > 0; --left)
      value += parts[random() % parts.size()];
    values.push_back(value);
  }
  return values;
}

struct Folder {
  std::string path;
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "devgraph-shell-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

/// The holes point into the text, so it has to have a name.
CompiledScript compiled(ScriptText&&) = delete;
CompiledScript compiled(const ScriptText& text) {
  Diagnostics found;
  CompiledScript made = compile_script(text.script, text.sources, found);
  REQUIRE(!found.has_errors());
  return made;
}

/// Runs bash on the text in an empty folder and returns what it printed.
std::string bash(const std::string& text, int* status = nullptr) {
  const Folder folder;
  std::ofstream(folder.path + "/script", std::ios::binary) << text;
  std::filesystem::create_directory(folder.path + "/cwd");
  const std::string command =
      "cd '" + folder.path + "/cwd' && bash ../script > ../out 2> ../err < /dev/null";
  const int ended = std::system(command.c_str());
  if (status != nullptr) *status = WEXITSTATUS(ended);
  std::ostringstream out;
  out << std::ifstream(folder.path + "/out", std::ios::binary).rdbuf();
  std::ostringstream err;
  err << std::ifstream(folder.path + "/err", std::ios::binary).rdbuf();
  if (status == nullptr) {
    CHECK_EQ(err.str(), "");
    REQUIRE_EQ(ended, 0);
  }
  return out.str();
}

constexpr const char* kPreamble = "dg_at() { :; }\nset -euo pipefail\n";

}  // namespace

TEST_CASE("a hostile value reaches the command unharmed from every quoting context") {
  struct Context {
    const char* script;
    const char* before;
    const char* after;
  };
  const Context contexts[] = {
      {"$ printf '%s\\0' {x}", "", ""},
      {"$ printf '%s\\0' a{x}", "a", ""},
      {"$ printf '%s\\0' ./{x}.c", "./", ".c"},
      {"$ printf '%s\\0' \"{x}\"", "", ""},
      {"$ printf '%s\\0' \"a $((1 + 1)) {x} \\\" b\"", "a 2 ", " \" b"},
      {"$ printf '%s\\0' '{x}'", "", ""},
      {"$ printf '%s\\0' 'a $b {x} \"c'", "a $b ", " \"c"},
      {"$ printf '%s\\0' $'\\t{x}\\'a'", "\t", "'a"},
      {"$ printf '%s\\0' \"$(printf '%s.' {x})\"", "", "."},
      {"$ printf '%s\\0' \"$(printf '%s.' \"$(printf '%s-' '{x}')\")\"", "", "-."},
      {"$ cat <<EOF\n> a {x} \\$b\n> EOF\n$ printf '\\0'", "a ", " $b\n"},
      {"$ cat <<-EOF\n> \ta {x}\n> \tEOF\n$ printf '\\0'", "a ", "\n"},
      {"$ cat <<EOF\n> $(printf '%s.' {x})\n> EOF\n$ printf '\\0'", "", ".\n"},
      {"$ cat <<<{x}; printf '\\0'", "", "\n"},
      {"$ v={x}\n$ printf '%s\\0' \"$v\"", "", ""},
      {"$ v=b{x}\"{x0}\"c; printf '%s\\0' \"$v\"", "b", "0c"},
      {"$ v=({x}); printf '%s\\0' \"${v[@]}\"", "", ""},
      {"$ v=([2]={x}); printf '%s\\0' \"${v[2]}\"", "", ""},
      {"$ export V={x}; bash -c 'printf \"%s\\0\" \"$V\"'", "", ""},
      {"$ V={x} sh -c 'printf \"%s\\0\" \"$V\"'", "", ""},
      {"$ f() { local w={x}; printf '%s\\0' \"$w\"; }; f", "", ""},
      {"$ for w in {x}; do\n>   printf '%s\\0' \"$w\"\n> done", "", ""},
      {"$ case {x} in\n> {x}) printf '%s\\0' {x} ;;\n> *) false ;;\n> esac", "", ""},
      {"$ if [[ {x} == {x} && \"a{x}\" = a'{x}' ]]; then printf '%s\\0' {x}; fi", "", ""},
      {"$ [ {x} = {x} ] && printf '%s\\0' {x}", "", ""},
      {"$ sh -c 'printf \"%s\\0\" \"$1\"' sh {x}", "", ""},
      {"$ set -- {x}; printf '%s\\0' \"$1\"", "", ""},
      {"$ ( cat <(printf '%s\\0' {x}) )", "", ""},
      {"$ printf '%s\\0' a{b,{x}} | tail -z -n 1", "a", ""},
      {"$ printf '%s\\0' {x} # {x} 'not a quote", "", ""},
      {"$ printf '%s\\0' \\\n>   {x} \\\n>   | cat", "", ""},
  };
  const std::vector<std::string> values = hostile_values();
  for (const Context& context : contexts) {
    CAPTURE(std::string(context.script));
    const ScriptText source(context.script);
    const CompiledScript script = compiled(source);
    std::string text = kPreamble;
    std::string want;
    for (const std::string& value : values) {
      for (std::size_t i = 0; i < script.holes.size(); ++i) {
        const ast::Expr& expr = *script.holes[i].expr;
        const bool zero = expr.range.end - expr.range.begin == 2;
        text += "dg" + std::to_string(i + 1) + "=(" + (zero ? "0" : single_quoted(value)) + ")\n";
      }
      text += script.body;
      want += context.before + value + context.after + '\0';
    }
    const std::string got = bash(text);
    CHECK((got == want));
    if (got == want) continue;
    // Say which value was harmed.
    for (std::size_t at = 0; at < want.size();) {
      const std::string one = want.substr(at, want.find('\0', at) - at + 1);
      if (got.compare(at, one.size(), one) != 0) {
        CHECK_EQ(got.substr(at, one.size()), one);
        break;
      }
      at += one.size();
    }
  }
}

TEST_CASE("a value as the target of a redirection is a file name") {
  for (const std::string& value : hostile_values()) {
    if (value.empty() || value.find('/') != std::string::npos) continue;
    CAPTURE(value);
    const ScriptText source("$ printf 'made\\0' > ./{x}; cat < ./{y}; rm -- ./{z}\n$ ls -A");
    const CompiledScript script = compiled(source);
    std::string text = kPreamble;
    for (const char* name : {"dg1", "dg2", "dg3"})
      text += name + ("=(" + single_quoted(value) + ")\n");
    CHECK_EQ(bash(text + script.body), std::string("made\0", 5));
    if (value.size() > 6) break;  // The short ones hold the special cases.
  }
}

TEST_CASE("a list gives as many words as it has, none included") {
  const ScriptText source("$ printf '<%s>' a {x} b");
  const CompiledScript script = compiled(source);
  const std::string count = std::string(kPreamble) + "n() { printf '%s\\0' \"$#\" \"$@\"; }\n";
  const ScriptText counted_source("$ n {x}");
  const CompiledScript counted = compiled(counted_source);
  CHECK_EQ(bash(count + "dg1=()\n" + counted.body), std::string("0\0", 2));
  CHECK_EQ(bash(count + "dg1=('')\n" + counted.body), std::string("1\0\0", 3));
  CHECK_EQ(bash(count + "dg1=('a b' '*')\n" + counted.body), std::string("2\0a b\0*\0", 8));
  CHECK_EQ(bash(std::string(kPreamble) + "dg1=()\n" + script.body), "<a><b>");
}

TEST_CASE("a mark stands before each command and names its line") {
  const ScriptText source(
      "$ true\n$ for i in 1 2; do\n>   true\n> done\n$ cat <<EOF > /dev/null\n> a\n> EOF\n$ "
      "false\n$ true");
  const CompiledScript script = compiled(source);
  int status = 0;
  const std::string out =
      bash("dg_at() { printf '%s ' \"$1\"; }\nset -euo pipefail\n" + script.body, &status);
  CHECK_EQ(out, "0 1 4 7 ");
  CHECK_EQ(status, 1);
}
