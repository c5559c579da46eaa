/// Answers: signs, words, numbers and paths.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/parse_answers.h"
#include "lang/words.h"

namespace devgraph::lang::answers {

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
  const bool is_let = place.text.substr(place.decl_begin).starts_with("let ");
  if (expected == "a type" && is_let && place.open.size() == 1 && text.starts_with('=') &&
      place.text[place.at - 1] == ':') {
    return make("E006", {place.source, place.at - 1, place.at + 1}, "`:=` defines nothing",
                "write `=`");
  }
  const bool in_type =
      expected == "a type" || (open != nullptr && open->kind == Bracket::TypeBracket);
  if (in_type) return std::nullopt;
  if (text.starts_with('{') && wants_equals) {
    return make("E006", here(place), "what is defined stands behind `=`", "expected `=`",
                {"write  name = value"});
  }
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
    const std::string_view before = trim(place.text.substr(0, place.at));
    if (before.ends_with('=') && code == "E001") {
      return make("E006", here(place), "`=` stands here twice", "leave it out");
    }
    if (code == "E007" || code == "E001" || code == "E002") {
      return make("E006", here(place), "`=` is no comparison",
                  fmt::format("expected {}", fault.expected), {"write `==` to compare"});
    }
  }
  return std::nullopt;
}

namespace {

struct ForeignSign {
  std::string_view sign;
  std::string_view message;
  std::string_view help;
};
constexpr std::array<ForeignSign, 17> kForeign{{
    {"\r", "a carriage return alone ends no line", "save the file with line ends of LF or CR LF"},
    {"\xE2\x80\x8B", "this character is invisible", "delete it"},
    {"\xEF\xBB\xBF", "this character is invisible", "delete it"},
    {"\x0C", "a form feed has no meaning here", "delete it"},
    {"\x0B", "a vertical tab has no meaning here", "write a plain blank"},
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

}  // namespace

Answer foreign_sign(const Fault&, const FaultPlace& place) {
  const std::string_view text = rest(place);
  for (const ForeignSign& foreign : kForeign) {
    if (!text.starts_with(foreign.sign)) continue;
    if (text.starts_with("!=") || text.starts_with("\r\n")) continue;
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
  if (text[0] == '?' && code == "E007" &&
      text.substr(0, line_length(text)).find(':') != std::string_view::npos) {
    return make("E017", {place.source, place.at, place.at + 1}, "`?` is no operator", {},
                {"write  if condition then a else b"});
  }
  if (std::string_view("*%^").contains(text[0]) && code == "E007") {
    return make("E017", {place.source, place.at, place.at + 1},
                fmt::format("`{}` is no operator", text[0]), {},
                {"numbers are added and subtracted; a script can do more: $ echo $(( 2 * 3 ))"});
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
  if (expected.starts_with("a value") && (word == "if" || word == "match")) {
    return make("E005", here(place), fmt::format("`{}` needs parentheses here", word), {},
                {word == "if" ? "write  (if condition then a else b)"
                              : "write  (match x { \"a\" => 1, _ => 2 })"});
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
  if (text.starts_with(".\\")) {
    return make("E009", range, "the folders of a path are separated by `/`", {},
                {"write  ./folder/file"});
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

}  // namespace devgraph::lang::answers
