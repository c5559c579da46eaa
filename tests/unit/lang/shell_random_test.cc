/// Random scripts with hostile values in random places: what the lexer accepts, bash can read, and
/// no value is ever run.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lang/shell.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/lang/script_text.h"

using namespace devgraph;
using namespace devgraph::lang;

namespace {

/// Scripts by a grammar of their own; most are valid without their holes.
class Scripts {
 public:
  explicit Scripts(unsigned seed) : random_(seed) {}

  std::string next() { return "$ " + list(2); }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::string hole() { return below(2) == 0 ? "{x}" : "{y}"; }

  std::string word(int depth) {
    const int less = depth - 1;
    switch (below(depth > 0 ? 20 : 7)) {
      case 0:
      case 1:
        return hole();
      case 2:
        return "a" + hole();
      case 3:
        return "\"" + hole() + "\"";
      case 4:
        return "'" + hole() + "'";
      case 5:
        return "a";
      case 6:
        return "$v";
      case 7:
        return "\"$(" + list(less) + ")\"";
      case 8:
        return "$(" + list(less) + ")";
      case 9:
        return "$'\\t" + hole() + "'";
      case 10:
        return "<(" + list(less) + ")";
      case 11:
        return word(less) + word(less);
      case 12:
        return "{a," + word(less) + "}";
      case 13:
        return "${v:-a}" + hole();
      case 14:
        return hole() + "[0]";
      case 15:
        return "v=" + word(less);
      case 16:
        return hole() + "=" + word(less);
      case 17:
        return "\\\\" + word(less);
      case 18:
        return "$((1+" + (below(4) == 0 ? hole() : "1") + "))";
      default:
        return "-" + hole();
    }
  }

  std::string words(int depth) {
    std::string made;
    for (std::size_t count = below(4) + 1; count > 0; --count)
      made += " " + word(depth);
    return made;
  }

  std::string simple(int depth) {
    static const std::vector<std::string> kCommands = {
        "echo",      "printf",   "printf '%s'", "test",         "[",           "[[",
        "declare",   "export",   "local",       "read",         "unset",       "let",
        "eval",      "set --",   "true",        "type",         "printf -v v", "mapfile",
        "getopts a", "hash",     "return",      "trap --",      "exec echo",   "command echo",
        "alias",     "readonly", "typeset",     "declare -a",   "declare -x",  "printf -- ",
        "test -n",   "[ a =",    "env",         "xargs echo",   "sh",          "bash",
        "sh -c",     "[ -v",     "declare -i",  "builtin echo", "command test"};
    const std::string& name = kCommands[below(kCommands.size())];
    return name + words(depth) + (name == "[[" ? " ]]" : name[0] == '[' ? " ]" : "");
  }

  std::string command(int depth) {
    const int less = depth - 1;
    switch (below(depth > 0 ? 15 : 4)) {
      case 4:
        return "if " + list(less) + "; then " + list(less) + "; fi";
      case 5:
        return "for i in" + words(less) + "; do " + list(less) + "; done";
      case 6:
        return "case " + word(less) + " in " + word(less) + ") " + list(less) + ";; " + word(less) +
               "|" + word(less) + ") ;; esac";
      case 7: {
        static const std::vector<std::string> kOperators = {" == ", " =~ ", " -eq ", " < "};
        return "[[ " + word(less) + kOperators[below(kOperators.size())] + word(less) + " ]]";
      }
      case 8:
        return "{ " + list(less) + "; }";
      case 9:
        return "(" + list(less) + ")";
      case 10:
        return "v=" + word(less) + " echo" + words(less);
      case 11:
        return "v=(" + words(less) + ")";
      case 12:
        return "cat <<< " + word(less);
      case 13:
        return "f() { " + list(less) + "; }; f" + words(less);
      case 14: {
        static const std::vector<std::string> kMarks = {"E", "E", "'E'", "-E"};
        return "cat <<" + kMarks[below(kMarks.size())] + "\n> " +
               (below(2) == 0 ? hole() : "$(" + list(0) + ")") + " \"\n> E\n> true";
      }
      default:
        return simple(depth);
    }
  }

  std::string list(int depth) {
    static const std::vector<std::string> kBetween = {"; ", " && ", " | ", " || "};
    std::string made = command(depth);
    if (below(3) == 0)
      made += kBetween[below(kBetween.size())] + command(depth > 0 ? depth - 1 : 0);
    return made;
  }

  std::mt19937 random_;
};

/// Each would leave a file `P` behind if any of it were taken for syntax.
const std::vector<std::string> kEvil = {"a[$(touch P)]",
                                        "'; touch P; '",
                                        "\"; touch P; \"",
                                        "$(touch P)",
                                        "`touch P`",
                                        "\ntouch P\n",
                                        "-v",
                                        "EOF\nE\ntouch P\n",
                                        "; touch P #",
                                        ") ; touch P",
                                        "-eq",
                                        "]",
                                        "}",
                                        "&& touch P",
                                        "touch P",
                                        "-n",
                                        "",
                                        "a b",
                                        "|touch P",
                                        "esac; touch P",
                                        "v",
                                        "a)touch P;;",
                                        "${v:-$(touch P)}",
                                        "'\"`$(touch P)"};

std::string single_quoted(const std::string& value) {
  std::string made = "'";
  for (const char c : value)
    made += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return made + "'";
}

}  // namespace

TEST_CASE("no value is run by a script that is accepted") {
  const TempFolder folder;
  Scripts scripts(42);
  int accepted = 0;
  for (int round = 0; round < 500; ++round) {
    const std::string lines = scripts.next();
    ScriptText text(lines);
    Diagnostics found;
    const CompiledScript script = compile_script(text.script, text.sources, found);
    if (found.has_errors()) continue;
    ++accepted;
    std::string body = "dg_at() { :; }\nset -uo pipefail\n";
    for (std::size_t i = 0; i < script.holes.size(); ++i) {
      body += "dg" + std::to_string(i + 1) + "=(" +
              single_quoted(kEvil[scripts.below(kEvil.size())]) + ")\n";
    }
    body += script.body;
    std::filesystem::remove_all(folder / "cwd");
    std::filesystem::create_directory(folder / "cwd");
    std::ofstream(folder / "script", std::ios::binary) << body;
    const std::string command =
        "cd " + folder.path() + "/cwd && timeout 20 bash ../script >/dev/null 2>../err </dev/null";
    [[maybe_unused]] const int ended = std::system(command.c_str());
    std::ostringstream err;
    err << std::ifstream(folder / "err", std::ios::binary).rdbuf();
    CAPTURE(lines);
    CAPTURE(body);
    CHECK_FALSE(std::filesystem::exists(folder / "cwd/P"));
    CHECK_EQ(err.str().find("syntax error near"), std::string::npos);
    CHECK_EQ(err.str().find("unexpected EOF"), std::string::npos);
  }
  CHECK(accepted > 150);
}
