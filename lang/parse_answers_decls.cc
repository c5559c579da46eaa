/// Answers: where scripts stand, how declarations begin and what separates them.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/parse_answers.h"
#include "lang/words.h"

namespace devgraph::lang::answers {

Answer script_place(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  if (std::string_view(fault.code) == "E008") {
    const Range dollar{place.source, place.at - 1, place.at};
    return make(
        "E008", dollar, "a `$` line needs a blank behind `$`", {},
        {"write  $ command; a variable of the shell stands within such a line: $ echo $HOME"});
  }
  if (!text.starts_with('$') && !text.starts_with("> ")) return std::nullopt;
  const OpenBracket* open = innermost(place);
  const std::uint32_t line = start_of_line(place.text, place.at);
  const bool first = trim(place.text.substr(line, place.at - line)).empty();
  if (text.starts_with('>')) {
    if (!first) return std::nullopt;
    return make("E008", here(place), "a `>` line goes on with the `$` line above it",
                "no `$` line above");
  }
  if (!first) {
    return make("E008", here(place), "`$` must be the first thing on its line", {},
                {"put it on a line of its own, and the closing brace on the next"});
  }
  if (open == nullptr || open->kind != Bracket::Block) {
    return make("E008", here(place), "a script stands in the block of a node", {},
                {"write  run name {  above it, and the closing brace below"});
  }
  return std::nullopt;
}

// --- declarations ------------------------------------------------------------------------

namespace {

struct ForeignWord {
  std::string_view word;
  std::string_view help;
};
constexpr std::array<ForeignWord, 14> kForeignWords{{
    {"import", "write  use //folder/file { name }"},
    {"include", "write  use //folder/file { name }"},
    {"load", "write  use //folder/file { name }"},
    {"from", "write  use //folder/file { name }"},
    {"def", "write  fn name(x: string) = value  or  rule name(x: string) { … }"},
    {"function", "write  fn name(x: string) = value"},
    {"func", "write  fn name(x: string) = value"},
    {"var", "write  let name = value"},
    {"const", "write  let name = value"},
    {"set", "write  let name = value"},
    {"export", "every name without a leading _ is public; write  let name = value"},
    {"target", "write the rule first:  run name { … }"},
    {"task", "write the rule first:  run name { … }"},
    {"foreach", "write  axis x = [\"a\", \"b\"]  and  run name[x] { … }"},
}};

}  // namespace

Answer statement(const Fault& fault, const FaultPlace& place) {
  const std::string_view begin =
      place.text.substr(std::min<std::size_t>(place.decl_begin, place.at));
  const std::string_view first = begin.substr(0, word_length(begin));
  const std::string_view text = rest(place);
  const bool names_node = std::string_view(fault.expected) == "a name";
  const std::uint32_t at = place.open.empty() ? place.at : place.decl_begin;
  const Range word{place.source, at,
                   at + static_cast<std::uint32_t>(std::max<std::size_t>(first.size(), 1))};
  if (place.open.empty() && std::string_view(fault.code) == "E014" &&
      (text.starts_with('}') || text.starts_with(']') || text.starts_with(')'))) {
    return make("E002", here(place), fmt::format("this `{}` closes nothing", text[0]), {},
                {"leave it out, or look above for a bracket that was closed too early"});
  }
  std::string low(first);
  for (char& c : low)
    c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (place.open.size() == 1 && low != first && is_declaration(low)) {
    return make("E005", word, fmt::format("`{}` is written in lower case", low),
                fmt::format("write `{}`", low));
  }
  if (place.open.size() == 1 && names_node && text.starts_with('=') && !is_reserved(first)) {
    return make("E014", word, fmt::format("`{}` is defined without `let`", first), {},
                {fmt::format("write  let {} = …", first)});
  }
  if (first == "devgraph" && place.open.size() == 1) {
    return make("E015", word, "the edition is the first line of a manifest", {},
                {"move  devgraph 1  to the top of the file"});
  }
  if (place.open.size() == 1 &&
      (std::string_view(fault.code) == "E001" || std::string_view(fault.code) == "E007")) {
    for (const ForeignWord& foreign : kForeignWords) {
      if (first == foreign.word) {
        return make("E014", word, fmt::format("there is no declaration `{}`", first), {},
                    {std::string(foreign.help)});
      }
    }
  }
  return std::nullopt;
}

Answer not_in_a_rule(const Fault& fault, const FaultPlace& place) {
  if (std::string_view(fault.code) != "E018") return std::nullopt;
  const std::string_view text = rest(place);
  const std::string word = printable(text.substr(0, word_length(text)));
  if (!is_declaration(word)) return std::nullopt;
  return make("E018", here(place), fmt::format("`{}` cannot stand in a rule", word),
              "a rule holds axis, let, assert and nodes",
              {word == "param" ? "what varies is a parameter: rule name(x: string) { … }"
                               : "move it out of the rule"});
}

Answer brackets_touch(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  if (text.empty() || place.at == 0) return std::nullopt;
  const bool blank = place.text[place.at - 1] == ' ' || place.text[place.at - 1] == '\t';
  if (!blank || (text[0] != '[' && text[0] != '(')) return std::nullopt;
  const std::string_view expected = fault.expected;
  if (expected != "`{`" && expected != "`(`" && std::string_view(fault.code) != "E007")
    return std::nullopt;
  return make("E007", here(place), fmt::format("`{}` touches the name before it", text[0]),
              "leave the blank out", {text[0] == '[' ? "write  name[axis]" : "write  name(value)"});
}

namespace {

/// The number that stands before the place, if it is one and no end of a word.
std::string_view number_before(const FaultPlace& place) {
  const std::string_view before = place.text.substr(0, place.token_end);
  const std::size_t end = before.find_last_not_of("0123456789");
  if (end == std::string_view::npos || !std::string_view(" \t=").contains(before[end])) return {};
  return before.substr(end + 1);
}

}  // namespace

Answer missing_separator(const Fault& fault, const FaultPlace& place) {
  if (std::string_view(fault.code) != "E007" || place.at >= place.text.size()) return std::nullopt;
  const OpenBracket* open = innermost(place);
  const char c = place.text[place.at];
  if (c == '{' && open != nullptr && open->kind == Bracket::Block) {
    return make("E007", here(place), "a node cannot be declared in the block of another",
                fmt::format("expected {}", fault.expected),
                {"write  field = rule { … }  for a node that only this one uses"});
  }
  const std::string_view text = rest(place);
  const std::string_view word = text.substr(0, word_length(text));
  if (open != nullptr && open->kind == Bracket::List && word == "for") {
    return make("E007", here(place), "`for` stands first in a list", {},
                {"write  [for x in xs: value]"});
  }
  if (open != nullptr && open->kind == Bracket::Block && !word.empty()) {
    const std::string_view behind = trim(text.substr(word.size(), line_length(text) - word.size()));
    if (behind.starts_with('{') || behind.starts_with('[')) {
      return make("E007", here(place), "a node cannot be declared in the block of another",
                  "expected a comma or a new line",
                  {"write  field = rule { … }  for a node that only this one uses"});
    }
  }
  // In a list the word may as well be the next item.
  const bool in_fields =
      open == nullptr || open->kind == Bracket::Block || open->kind == Bracket::Record;
  const std::string_view number = number_before(place);
  if (in_fields && !number.empty() && is_unit(word)) {
    return make("E010",
                {place.source, place.token_end - static_cast<std::uint32_t>(number.size()),
                 place.at + static_cast<std::uint32_t>(word.size())},
                "a number and its unit are one word", {},
                {fmt::format("write  {}{}", number, word)});
  }
  const std::string found = describe(place.text, place.at);
  if (open != nullptr) {
    const bool value = word_length(rest(place)) > 0 || c == '"' || c == '\'' || c == '.' ||
                       c == '/' || c == '[' || c == '{' || c == '(' || is_digit(c);
    if (value) {
      return make("E007", here(place), fmt::format("a comma is missing before {}", found), {},
                  {"parts on one line are separated by commas, or each stands on its own line"});
    }
  }
  return make("E007", here(place), fmt::format("expected {}, found {}", fault.expected, found), {});
}

}  // namespace devgraph::lang::answers
