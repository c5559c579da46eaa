#include "lang/parse_faults.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/words.h"

namespace devgraph::lang {

namespace {

constexpr std::array<std::string_view, 12> kDeclarations{"use",    "param",  "axis", "late",
                                                         "let",    "fn",     "rule", "effect",
                                                         "extern", "assert", "type", "workspace"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view rest(const FaultPlace& place) {
  return place.text.substr(place.at);
}

std::uint32_t start_of_line(std::string_view text, std::uint32_t at) {
  if (at == 0) return 0;
  const std::size_t newline = text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : static_cast<std::uint32_t>(newline + 1);
}

std::string_view line_of(std::string_view text, std::uint32_t at) {
  const std::string_view from = text.substr(start_of_line(text, at));
  return from.substr(0, line_length(from));
}

bool is_bracket(Bracket kind) {
  return kind != Bracket::Declaration && kind != Bracket::Part && kind != Bracket::Path &&
         kind != Bracket::Command;
}

/// The innermost bracket or quote that is open.
const OpenBracket* innermost(const FaultPlace& place) {
  for (auto open = place.open.rbegin(); open != place.open.rend(); ++open) {
    if (is_bracket(open->kind)) return &*open;
  }
  return nullptr;
}

Diagnostic make(std::string code, Range range, std::string message, std::string label,
                std::vector<std::string> helps = {}) {
  return {.severity = Severity::Error,
          .code = std::move(code),
          .message = std::move(message),
          .where = Pointer{range, std::move(label)},
          .also = {},
          .helps = std::move(helps)};
}

Range here(const FaultPlace& place) {
  return {place.source, place.at, token_end(place.text, place.at)};
}

std::string quoted(const FaultPlace& place, Range range) {
  return printable(place.text.substr(range.begin, range.end - range.begin));
}

/// Bytes of the character that the text starts with; 0 at a line end.
std::size_t token_size(std::string_view text) {
  if (line_length(text) == 0) return 0;
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
    ++size;
  return size;
}

using Answer = std::optional<Diagnostic>;

// --- brackets and quotes -----------------------------------------------------------------

Answer unclosed_quote(const Fault& fault, const FaultPlace& place) {
  if (std::string_view(fault.code) != "E003") return std::nullopt;
  const OpenBracket* open = innermost(place);
  if (open == nullptr) return std::nullopt;
  Range range = open->at;
  const bool one_line = open->kind == Bracket::String || open->kind == Bracket::RawString;
  if (one_line) range.end = std::max(range.end, place.at);
  Diagnostic found =
      make("E003", range, "this string is never closed",
           one_line ? "no closing quote on this line" : "no closing quotes behind it");
  if (open->kind == Bracket::String) {
    found.helps.emplace_back("add the closing \", or write \"\"\" for a text of several lines");
  } else if (open->kind == Bracket::RawString) {
    found.helps.emplace_back("add the closing ', or write ''' for a text of several lines");
  }
  return found;
}

/// A script line between the opening and the fault that swallowed the closing brace.
std::optional<Range> brace_on_script_line(const FaultPlace& place, std::uint32_t from) {
  std::uint32_t line = from;
  while (line < place.at) {
    const std::string_view text = line_of(place.text, line);
    const std::uint32_t start = start_of_line(place.text, line);
    const std::string_view script = trim(text);
    const bool is_script = script.starts_with("$ ") || script.starts_with("> ");
    if (is_script && script.ends_with('}') &&
        std::ranges::count(script, '{') < std::ranges::count(script, '}')) {
      const auto brace = start + static_cast<std::uint32_t>(text.rfind('}'));
      return Range{place.source, brace, brace + 1};
    }
    const std::size_t next = place.text.find('\n', start);
    if (next == std::string_view::npos) break;
    line = static_cast<std::uint32_t>(next + 1);
  }
  return std::nullopt;
}

Answer unclosed_bracket(const Fault&, const FaultPlace& place) {
  const OpenBracket* open = innermost(place);
  if (open == nullptr) return std::nullopt;
  const bool at_end = place.at >= place.text.size();
  const std::uint32_t line = start_of_line(place.text, place.at);
  const bool at_next = line > open->at.begin && looks_like_declaration(line_of(place.text, line));
  if (!at_end && !at_next) return std::nullopt;
  if (const std::optional<Range> brace = brace_on_script_line(place, open->at.begin)) {
    Diagnostic found =
        make("E008", *brace, "this brace is part of the script line", "a `$` line runs to its end",
             {"put the closing brace on the next line"});
    found.also.push_back({open->at, "this is what it should close"});
    return found;
  }
  Diagnostic found =
      make("E002", open->at, fmt::format("this `{}` is never closed", quoted(place, open->at)),
           "opened here");
  const std::uint32_t at = at_end ? static_cast<std::uint32_t>(place.text.size()) : line;
  if (at_next) {
    found.also.push_back({{place.source, at, token_end(place.text, at)},
                          "a declaration begins here, and it is still open"});
  } else {
    found.helps.emplace_back("the file ends while it is open");
  }
  return found;
}

Answer hole_in_text(const Fault& fault, const FaultPlace& place) {
  const OpenBracket* open = innermost(place);
  if (open == nullptr || open->kind != Bracket::Hole) return std::nullopt;
  const std::string_view code = fault.code;
  if (code != "E001" && code != "E002") return std::nullopt;
  const std::uint32_t at = open->at.begin;
  Diagnostic found =
      make("E016", {place.source, at, token_end(place.text, place.at)}, "this is no hole",
           fmt::format("expected {}, found {}", fault.expected, describe(place.text, place.at)),
           {"in a string every { opens a hole like {name}; write \\{ for a brace",
            "or write the text in single quotes, where braces are plain"});
  if (at > 0 && place.text[at - 1] == '$') {
    found.helps.insert(found.helps.begin(),
                       "${…} is of the shell: only `$` lines know it; here write {name}");
  }
  return found;
}

Answer wrong_closer(const Fault& fault, const FaultPlace& place) {
  const OpenBracket* open = innermost(place);
  if (open == nullptr || rest(place).empty()) return std::nullopt;
  const char c = rest(place)[0];
  if (c != '}' && c != ']' && c != ')') return std::nullopt;
  const std::string_view opener = place.text.substr(open->at.begin, 1);
  const char want = opener == "{" ? '}' : opener == "[" ? ']' : opener == "(" ? ')' : '\0';
  if (want == '\0' || want == c) return std::nullopt;
  if (std::string_view(fault.code) == "E003") return std::nullopt;
  Diagnostic found = make("E002", here(place), fmt::format("expected `{}`, found `{}`", want, c),
                          "this closes another kind of bracket");
  found.also.push_back({open->at, "opened here"});
  return found;
}

/// A part is missing at the end of a line: the place is there, not where the next line begins.
Answer line_ends(const Fault& fault, const FaultPlace& place) {
  const std::string_view between = place.text.substr(place.token_end, place.at - place.token_end);
  const std::uint32_t line = start_of_line(place.text, place.at);
  const bool at_next = place.at >= place.text.size() ||
                       (line == place.at && looks_like_declaration(line_of(place.text, line)));
  if (place.open.empty() || between.find('\n') == std::string_view::npos || !at_next) {
    return std::nullopt;
  }
  Diagnostic found =
      make(fault.code, {place.source, place.token_end, place.token_end},
           fmt::format("expected {}, found the end of the line", fault.expected), {});
  if (fault.help != nullptr) found.helps.emplace_back(fault.help);
  return found;
}

Answer bad_escape(const Fault& fault, const FaultPlace& place) {
  if (std::string_view(fault.code) != "E004" || place.at == 0) return std::nullopt;
  const std::string_view text = rest(place);
  const std::size_t size = token_size(text);
  const std::string sign =
      size == 0 ? "the end of the line" : fmt::format("`{}`", printable(text.substr(0, size)));
  if (std::string_view(fault.expected) != "an escape") {
    return make("E004", {place.source, place.at, place.at + 1},
                fmt::format("expected {}, found {}", fault.expected, sign), {}, {fault.help});
  }
  const Range range{place.source, place.at - 1, place.at + static_cast<std::uint32_t>(size)};
  return make("E004", range, fmt::format("`{}` is no escape", quoted(place, range)), {},
              {fault.help});
}

// --- signs -------------------------------------------------------------------------------

Answer wrong_sign(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const std::string_view code = fault.code;
  const OpenBracket* open = innermost(place);
  const bool wants_equals = std::string_view(fault.expected) == "`=`";
  const bool in_fields =
      open != nullptr && (open->kind == Bracket::Block || open->kind == Bracket::Record);
  if (text.starts_with(':') && (wants_equals || (in_fields && code == "E007"))) {
    return make("E006", here(place), "a field is written with `=`, not with `:`", "write `=`",
                {"`:` stands before a type: param name: string = \"x\""});
  }
  const std::string_view expected = fault.expected;
  if (expected == "a type" && !text.empty() && (is_digit(text[0]) || text[0] == '{')) {
    return make("E006", here(place), "a value stands behind `=`, `:` stands before a type",
                "expected a type", {"write  name = value"});
  }
  if (text.starts_with('<') && code == "E007") {
    return make("E001", here(place), "types have no angle brackets", {},
                {"[string] is a list of strings, {string} a map to strings"});
  }
  const bool in_type =
      expected == "a type" || (open != nullptr && open->kind == Bracket::TypeBracket);
  if (in_type) return std::nullopt;
  if (text.starts_with("==") && wants_equals) {
    return make("E006", {place.source, place.at, place.at + 2}, "a definition has one `=`",
                "`==` compares");
  }
  if (text.starts_with("=>") && wants_equals) {
    return make("E006", {place.source, place.at, place.at + 2}, "a definition has one `=`",
                "`=>` belongs to `match`");
  }
  if (text.starts_with('=') && !text.starts_with("==") && !text.starts_with("=>") &&
      !wants_equals) {
    if (code == "E006") {
      return make("E006", here(place), "a parameter needs its type before `=`", "expected `:`",
                  {"write  name: string = \"x\""});
    }
    if (code == "E007" || code == "E001" || code == "E002") {
      return make("E006", here(place), "`=` is no comparison",
                  fmt::format("expected {}", fault.expected), {"write `==` to compare"});
    }
  }
  return std::nullopt;
}

struct ForeignSign {
  std::string_view sign;
  std::string_view message;
  std::string_view help;
};
constexpr std::array<ForeignSign, 12> kForeign{{
    {"&&", "`&&` is no operator", "write `and`"},
    {"||", "`||` is no operator", "write `or`"},
    {"!", "`!` is no operator", "write `not x`; `!=` compares"},
    {"//", "`//` starts a path, not a comment", "a comment starts with `#`"},
    {"/*", "`/*` starts no comment", "a comment starts with `#`"},
    {";", "`;` separates nothing", "write a comma or a new line"},
    {"\xE2\x80\x9C", "this is a typographic quote", "write the plain \""},
    {"\xE2\x80\x9D", "this is a typographic quote", "write the plain \""},
    {"\xE2\x80\x98", "this is a typographic quote", "write the plain '"},
    {"\xE2\x80\x99", "this is a typographic quote", "write the plain '"},
    {"\xC2\xA0", "this is a no-break space", "write a plain blank"},
    {"`", "backquotes have no meaning here", "write \"…\" for a string, a `$` line for a command"},
}};

Answer foreign_sign(const Fault&, const FaultPlace& place) {
  const std::string_view text = rest(place);
  for (const ForeignSign& foreign : kForeign) {
    if (!text.starts_with(foreign.sign) || text.starts_with("!=")) continue;
    const auto size = static_cast<std::uint32_t>(foreign.sign.size());
    return make("E017", {place.source, place.at, place.at + size}, std::string(foreign.message), {},
                {std::string(foreign.help)});
  }
  return std::nullopt;
}

Answer operator_placement(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const std::string_view code = fault.code;
  if (text.empty()) return std::nullopt;
  const std::uint32_t line = start_of_line(place.text, place.at);
  const bool first_on_line = trim(place.text.substr(line, place.at - line)).empty();
  constexpr std::array<std::string_view, 9> kBinary{
      "??", "==", "!=", "<=", ">=", "+ ", "or ", "and ", "in "};
  const bool binary =
      std::ranges::any_of(kBinary, [&](auto sign) { return text.starts_with(sign); });
  if (binary && first_on_line) {
    return make("E017", here(place), "an operator cannot begin a line", "move it to the line above",
                {"a line that ends in an operator continues on the next"});
  }
  if (text[0] == '-' && code == "E007") {
    return make("E017", {place.source, place.at, place.at + 1}, "`-` needs a blank on both sides",
                "without it, it is part of a word or number", {"write  a - b"});
  }
  if (text[0] == ',' && first_on_line) {
    return make("E007", here(place), "a comma cannot begin a line", "leave it out",
                {"a new line separates by itself"});
  }
  if (text[0] == '.' && code == "E007") {
    return make("E001", here(place), "expected a name behind `.`", {}, {"write  value.field"});
  }
  return std::nullopt;
}

// --- words -------------------------------------------------------------------------------

Answer reserved_name(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const std::string_view word = text.substr(0, word_length(text));
  const std::string_view expected = fault.expected;
  if (!is_reserved(word) || word == "true" || word == "false" || word == "none")
    return std::nullopt;
  if (expected == "a name" || expected.starts_with("a parameter") ||
      expected.starts_with("the name of an axis")) {
    return make("E005", here(place), fmt::format("`{}` is a word of the language", word),
                "expected a name",
                {fmt::format("choose another name, for instance `{}_` or `my-{}`", word, word)});
  }
  if (expected.starts_with("a value") || expected.starts_with("a field")) {
    return make("E005", here(place), fmt::format("`{}` is a word of the language", word),
                fmt::format("expected {}", expected));
  }
  return std::nullopt;
}

Answer wrong_case(const Fault&, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const std::string word = printable(text.substr(0, word_length(text)));
  const std::string low = [&] {
    std::string out = word;
    for (char& c : out)
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return out;
  }();
  if (word == low || !is_reserved(low)) return std::nullopt;
  return make("E005", here(place), fmt::format("`{}` is written in lower case", low),
              fmt::format("write `{}`", low));
}

// --- numbers, paths, scripts -------------------------------------------------------------

Answer bad_number(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const std::string_view code = fault.code;
  if (text.size() > 1 && text[0] == '.' && is_digit(text[1]) && place.at > 0 &&
      is_digit(place.text[place.at - 1])) {
    std::uint32_t begin = place.at;
    while (begin > 0 && (is_digit(place.text[begin - 1]) || place.text[begin - 1] == '.'))
      --begin;
    std::uint32_t end = place.at + 1;
    while (end < place.text.size() && (is_digit(place.text[end]) || place.text[end] == '.'))
      ++end;
    const Range range{place.source, begin, end};
    return make("E010", range, "there are no numbers with a point", {},
                {fmt::format("write \"{0}\" as text, or version(\"{0}\")", quoted(place, range))});
  }
  if (text.empty() || code != "E001") return std::nullopt;
  if (is_digit(text[0])) {
    std::uint32_t end = place.at;
    while (end < place.text.size() &&
           (is_digit(place.text[end]) || word_length(place.text.substr(end)) > 0))
      ++end;
    if (std::string_view(fault.expected) == "a name") {
      return make("E001", {place.source, place.at, end}, "a name cannot begin with a digit", {});
    }
    return make("E010", {place.source, place.at, end}, "this is no number", {},
                {"a number is digits and at most one unit: 30m, 8GiB; put other text in quotes"});
  }
  if (text[0] == '-') {
    return make("E017", here(place), "`-` stands only before digits or between values", {},
                {"write  0 - x"});
  }
  return std::nullopt;
}

Answer bad_path(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const std::string_view expected = fault.expected;
  if (!expected.starts_with("a value") && expected != "a path") return std::nullopt;
  std::size_t end = text.find_first_of(" \t\r\n,)]}");
  end = std::min(end, text.size());
  const Range range{place.source, place.at,
                    place.at + static_cast<std::uint32_t>(std::max<std::size_t>(end, 1))};
  if (text.starts_with("..")) {
    return make("E009", range, "a path cannot go up with `..`", {},
                {"start at the workspace instead: //folder/file"});
  }
  if (text.starts_with("~/")) {
    return make("E009", range, "`~` has no meaning in a manifest", {},
                {"sources lie in the workspace; a program of the user is tool(\"name\")"});
  }
  if (text.starts_with('/')) {
    return make("E009", range, "a path cannot be absolute", {},
                {"write ./x for a file below this folder, //x for one below the workspace"});
  }
  if (text.starts_with(':')) {
    return make("E009", range, "a label names its project", {},
                {"write //folder:name, or just the name for a node of this file"});
  }
  if (text.starts_with('*')) {
    return make("E009", range, "a glob starts with ./ or //", {},
                {fmt::format("write ./{}", quoted(place, range))});
  }
  return std::nullopt;
}

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
  if (place.open.size() == 1 && low != first &&
      std::ranges::find(kDeclarations, low) != kDeclarations.end()) {
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
  if (names_node && text.starts_with('{') && place.open.size() == 1) {
    return make("E014", here(place), fmt::format("this `{}` has no name", first), "expected a name",
                {fmt::format("write  {} name {{ … }}", first)});
  }
  if (names_node && (text.starts_with('"') || text.starts_with('\''))) {
    return make("E014", here(place), "a name is a word without quotes", "expected a name");
  }
  return std::nullopt;
}

Answer not_in_a_rule(const Fault& fault, const FaultPlace& place) {
  if (std::string_view(fault.code) != "E018") return std::nullopt;
  const std::string_view text = rest(place);
  const std::string word = printable(text.substr(0, word_length(text)));
  if (std::ranges::find(kDeclarations, word) == kDeclarations.end()) return std::nullopt;
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

constexpr std::array kAnswers{
    unclosed_quote, unclosed_bracket, line_ends,  hole_in_text,  bad_escape,     script_place,
    wrong_closer,   statement,        wrong_sign, foreign_sign,  bad_number,     operator_placement,
    bad_path,       reserved_name,    wrong_case, not_in_a_rule, brackets_touch, missing_separator,
};

}  // namespace

std::uint32_t token_end(std::string_view text, std::uint32_t at) {
  if (at >= text.size()) return static_cast<std::uint32_t>(text.size());
  const std::string_view from = text.substr(at);
  const std::size_t word = word_length(from);
  if (word > 0) return at + static_cast<std::uint32_t>(word);
  if (from[0] == '\n' || from[0] == '\r') return at;
  std::uint32_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    ++end;
  return end;
}

std::string describe(std::string_view text, std::uint32_t at) {
  if (at >= text.size()) return "the end of the file";
  const std::string_view from = text.substr(at);
  if (line_length(from) == 0) return "the end of the line";
  if (from[0] == '"' || from[0] == '\'') return "a string";
  if (is_digit(from[0])) return "a number";
  if (from.starts_with("./") || from.starts_with("//")) return "a path";
  return fmt::format("`{}`", printable(text.substr(at, token_end(text, at) - at)));
}

bool looks_like_declaration(std::string_view line) {
  const std::size_t size = word_length(line);
  if (size == 0) return false;
  const std::string_view word = line.substr(0, size);
  std::string_view behind = line.substr(size);
  const bool blank = behind.starts_with(' ') || behind.starts_with('\t');
  if (std::ranges::find(kDeclarations, word) != kDeclarations.end()) return blank;
  if (is_reserved(word)) return false;
  if (behind.starts_with('.')) {
    behind.remove_prefix(1);
    behind.remove_prefix(word_length(behind));
  }
  if (!behind.starts_with(' ') && !behind.starts_with('\t')) return false;
  behind = trim(behind);
  const std::size_t name = word_length(behind);
  if (name == 0 || is_reserved(behind.substr(0, name)) || behind.substr(0, name) == "as")
    return false;
  const std::string_view tail = trim(behind.substr(name));
  return tail.empty() || tail.starts_with('{') || tail.starts_with('[') ||
         tail.starts_with("where");
}

Diagnostic explain(const Fault& fault, const FaultPlace& place) {
  for (const auto answer : kAnswers) {
    if (Answer found = answer(fault, place)) return *std::move(found);
  }
  Diagnostic found = make(
      fault.code, here(place),
      fmt::format("expected {}, found {}", fault.expected, describe(place.text, place.at)), {});
  if (fault.help != nullptr) found.helps.emplace_back(fault.help);
  if (found.code == "E014") {
    found.helps.emplace_back(
        "declarations are use param axis let fn type rule assert workspace, and nodes: rule name { "
        "… }");
  }
  return found;
}

}  // namespace devgraph::lang
