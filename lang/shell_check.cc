#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

constexpr std::array<std::string_view, 7> kShells = {"sh",  "bash", "dash", "ksh",
                                                     "zsh", "ash",  "mksh"};
constexpr std::array<std::string_view, 6> kRunCode = {"eval",    "trap",     "alias",
                                                      "compgen", "complete", "bind"};
constexpr std::array<std::string_view, 6> kTakeNames = {"read",    "mapfile", "readarray",
                                                        "getopts", "unset",   "wait"};
constexpr std::array<std::string_view, 5> kDeclare = {"declare", "typeset", "local", "export",
                                                      "readonly"};
constexpr std::array<std::string_view, 4> kCodeVariables = {"PS4", "BASH_ENV", "ENV",
                                                            "PROMPT_COMMAND"};
// What runs the command that its words name.
constexpr std::array<std::string_view, 13> kWrappers = {
    "env",    "command", "exec", "nohup", "setsid", "sudo",  "nice",
    "ionice", "timeout", "time", "ssh",   "docker", "podman"};
constexpr std::array<std::string_view, 6> kArithmeticTests = {"-eq", "-ne", "-lt",
                                                              "-le", "-gt", "-ge"};

Forbidden names_variable(std::string_view command) {
  return {"E213", fmt::format("a hole cannot name a shell variable for `{}`", command),
          "needs a name that is written here", "write the name of the variable in the script"};
}

std::string program_name(const Word& word) {
  return word.literal ? word.text.substr(word.text.rfind('/') + 1) : std::string();
}

/// The shell that takes its commands from its standard input; empty if the command is none.
std::string shell_of_input(const std::vector<Word>& words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].assignment)
    ++i;
  if (i == words.size()) return {};
  if (is_one_of(program_name(words[i]), kWrappers)) {
    while (i < words.size() && !is_one_of(program_name(words[i]), kShells))
      ++i;
  }
  if (i == words.size() || !is_one_of(program_name(words[i]), kShells)) return {};
  std::string shell = program_name(words[i]);
  for (++i; i < words.size(); ++i) {
    const std::string& option = words[i].text;
    const bool is_option = words[i].literal && (option.starts_with('-') || option.starts_with('+'));
    if (!is_option || option.starts_with("--")) return {};  // A file, or what only looks like one.
    if (option.find('c') != std::string::npos) return {};
    if (option.find('s') != std::string::npos) return shell;
    if (option.ends_with('o') || option.ends_with('O')) ++i;  // Its value.
  }
  return shell;
}

}  // namespace

Forbidden runs_as_code(const std::string& shell) {
  return {"E210", fmt::format("`{}` runs its standard input as code", shell), "would become code",
          fmt::format("pass the value as a parameter, `{} -s -- {{}}`, and write `\"$1\"` here",
                      shell)};
}

/// `bash <<< {x}`, `bash <<EOF`: what comes in is code.
void Compiler::check_fed(List& list) {
  const std::string shell = shell_of_input(list.words);
  if (!shell.empty()) {
    for (const std::uint32_t hole : list.here_strings)
      refuse(hole, runs_as_code(shell));
  }
  for (PendingHere& here : list.heres) {
    if (here.open) here.shell = shell;
    here.open = false;
  }
  list.here_strings.clear();
}

/// `PS4={x}`, also behind `export`.
void Compiler::check_code_variable(const Word& word) {
  const std::string_view text = word.text;
  const std::string_view name = text.substr(0, text.find_first_of("=+"));
  if (!is_one_of(name, kCodeVariables)) return;
  refuse_holes(word, {"E210", fmt::format("bash runs the value of `{}` as code", name),
                      "would become code", "write the value in the script"});
}

void Compiler::refuse_holes(const Word& word, const Forbidden& why) {
  for (const std::uint32_t hole : word.holes)
    refuse(hole, why);
}

void Compiler::check_command(const std::vector<Word>& words) {
  std::size_t first = 0;
  for (; first < words.size() && words[first].assignment; ++first) {
    const Word& word = words[first];
    assigned_.insert(assigned_.end(), word.holes.begin(), word.holes.end());
    check_code_variable(word);
  }
  if (first == words.size()) return;
  if (words[first].hole_first && words[first].holes.size() == 1 &&
      out_.holes[words[first].holes[0]].context == HoleContext::Glued) {
    // `{x}=1` is a command of that name, not an assignment.
    const ScriptHole& hole = out_.holes[words[first].holes[0]];
    const std::string_view text = sources_.text(source_);
    const std::size_t behind = text.find('}', hole.expr->range.end);
    if (behind != std::string_view::npos && behind + 1 < hole.range.end &&
        text[behind + 1] == '=') {
      refuse(words[first].holes[0],
             {"E213", "a hole cannot be the name of a shell variable",
              "needs a name that is written here", "write `name={}` to give the value a name"});
      return;
    }
  }
  check_shell_code(words);
  check_builtin(words, first);
}

/// `sh -c TEXT`, also behind `env`, `xargs`, `find -exec` and the like.
void Compiler::check_shell_code(const std::vector<Word>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!words[i].literal) continue;
    const std::string name = program_name(words[i]);
    if (!is_one_of(name, kShells)) continue;
    bool code = false;
    std::size_t next = i + 1;
    const auto is_option = [&](const Word& word) {
      return word.literal && (word.text.starts_with('-') || word.text.starts_with('+'));
    };
    for (; next < words.size() && is_option(words[next]); ++next) {
      const std::string& option = words[next].text;
      if (!option.starts_with("--") && option.find('c') != std::string::npos) code = true;
      if (option.ends_with('o') || option.ends_with('O')) ++next;  // Its value.
    }
    if (!code || next >= words.size() || words[next].holes.empty()) continue;
    refuse_holes(
        words[next],
        {"E210", fmt::format("the text behind `{} -c` is run as code", name), "would become code",
         fmt::format("pass the value as a parameter: `{} -c '… \"$1\" …' {} {{}}`", name, name)});
    return;
  }
}

void Compiler::check_builtin(const std::vector<Word>& words, std::size_t first) {
  while (first < words.size() && words[first].literal &&
         (words[first].text == "command" || words[first].text == "builtin" ||
          words[first].text == "exec")) {
    ++first;
    while (first < words.size() && words[first].literal && words[first].text.starts_with('-')) {
      ++first;
    }
  }
  if (first >= words.size() || !words[first].literal) return;
  const std::string& name = words[first].text;
  const auto all = [&](const Forbidden& why) {
    for (std::size_t i = first + 1; i < words.size(); ++i)
      refuse_holes(words[i], why);
  };
  if (is_one_of(name, kRunCode)) {
    return all({"E210", fmt::format("`{}` runs its words as code", name), "would become code",
                "write the command without it; a hole is always taken as plain text"});
  }
  if (name == "let") {
    return all({"E211", "a hole cannot stand in shell arithmetic",
                "bash would evaluate the value as code", "compute it in the manifest"});
  }
  if (is_one_of(name, kTakeNames)) return all(names_variable(name));
  if (is_one_of(name, kDeclare)) return check_declaration(words, first);
  if (name == "test" || name == "[") return check_test(words, first);
  if (name != "printf" || first + 1 >= words.size()) return;
  const Word& format = words[first + 1];
  if (format.literal && format.text.starts_with("-v")) {
    if (first + 2 < words.size()) refuse_holes(words[first + 2], names_variable("printf -v"));
  } else if (!format.literal && format.text.starts_with("-v")) {
    refuse_holes(format, names_variable("printf -v"));
  } else if (format.hole_first || (!format.holes.empty() && format.text.empty())) {
    refuse_holes(format, {"E210", "a hole cannot be the first word of `printf`",
                          "a value that starts with `-v` would name a variable",
                          "write the format: `printf '%s' {}`"});
  }
}

void Compiler::check_declaration(const std::vector<Word>& words, std::size_t first) {
  const std::string& name = words[first].text;
  bool plain = true;
  for (std::size_t i = first + 1; i < words.size(); ++i) {
    const Word& word = words[i];
    if (word.literal && word.text.size() > 1 && (word.text[0] == '-' || word.text[0] == '+')) {
      if (word.text.find_first_not_of("-+rxgp") != std::string::npos) plain = false;
      const bool variables = name != "export" && name != "readonly";
      if (variables && word.text.find_first_of("in") != std::string::npos && !integer_) {
        integer_ = range(word.begin, word.end);
      }
      continue;
    }
    if (!word.assignment) {
      refuse_holes(word, names_variable(name));
      continue;
    }
    check_code_variable(word);
    if (plain) {
      assigned_.insert(assigned_.end(), word.holes.begin(), word.holes.end());
    } else {
      refuse_holes(word,
                   {"E211", fmt::format("a hole cannot be assigned by `{}` with options", name),
                    "bash may evaluate the value",
                    fmt::format("assign on a line of its own, without `{}`", name)});
    }
  }
}

/// `[ {a} {b} ]` runs code for some values (`-v`): what is no operator must be followed by one.
void Compiler::check_test(const std::vector<Word>& words, std::size_t first) {
  for (std::size_t i = first + 1; i + 1 < words.size(); ++i) {
    const Word& word = words[i];
    const Word& next = words[i + 1];
    if (word.literal && (word.text == "-v" || word.text == "-R") && !next.holes.empty()) {
      refuse_holes(next, names_variable("test -v"));
    }
    if (word.holes.empty() || !word.text.empty() || next.literal) continue;
    refuse_holes(word, {"E210", "a hole cannot be the operator of a test",
                        "some values would make the next word a variable",
                        "write the operator in the script, or use `case`"});
  }
}

void Compiler::check_condition(const std::vector<Word>& words) {
  const Forbidden why{"E211", "a hole cannot be compared as a number in `[[ ]]`",
                      "bash would evaluate the value as code",
                      "use `[ … ]`, which takes digits only"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].literal || words[i].quoted) continue;
    if (is_one_of(words[i].text, kArithmeticTests)) {
      if (i > 0) refuse_holes(words[i - 1], why);
      if (i + 1 < words.size()) refuse_holes(words[i + 1], why);
    }
    if ((words[i].text == "-v" || words[i].text == "-R") && i + 1 < words.size()) {
      refuse_holes(words[i + 1], names_variable("[[ -v"));
    }
  }
}

}  // namespace devgraph::lang::shell
