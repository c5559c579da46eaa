/// Answers: declarations that have the shape of something else, and lines that a script lost.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/parse_answers.h"
#include "lang/words.h"

namespace devgraph::lang::answers {

namespace {

bool is_script_line(std::string_view line) {
  line = trim(line);
  return line == "$" || line == ">" || line.starts_with("$ ") || line.starts_with("> ");
}

/// `name =`, `"name" =`, `...spread`, a closing bracket or a comment: no text of a command.
bool may_be_field(std::string_view line) {
  line = trim(line);
  if (line.empty() || line.starts_with("...") || line.starts_with('#')) return true;
  if (std::string_view("}])").find(line[0]) != std::string_view::npos) return true;
  std::size_t size = word_length(line);
  if (line[0] == '"' || line[0] == '\'') size = line.find(line[0], 1) + 1;
  const std::string_view behind = trim(line.substr(std::min(size, line.size())));
  return size > 0 && (behind.starts_with('=') || behind.starts_with(':'));
}

/// The last line above that is not blank.
std::string_view line_above(std::string_view text, std::uint32_t line) {
  while (line > 0) {
    const std::string_view above = line_of(text, line - 1);
    line = start_of_line(text, line - 1);
    if (!trim(above).empty()) return above;
  }
  return {};
}

struct Words {
  Range range;  ///< Of the first word.
  std::string_view first;
};

Words words_of(const FaultPlace& place) {
  const std::string_view begin = place.text.substr(place.decl_begin);
  const std::string_view first = begin.substr(0, word_length(begin));
  return {{place.source, place.decl_begin,
           place.decl_begin + static_cast<std::uint32_t>(std::max<std::size_t>(first.size(), 1))},
          first};
}

}  // namespace

/// What a line of commands looks like when it lost its sign. Most such lines could also be fields
/// with another fault; only where no field can begin is the answer sure.
Answer lost_script_line(const Fault& fault, const FaultPlace& place) {
  const OpenBracket* open = innermost(place);
  if (open == nullptr || open->kind != Bracket::Block || place.at >= place.text.size()) {
    return std::nullopt;
  }
  const std::uint32_t line = start_of_line(place.text, place.at);
  const std::string_view text = line_of(place.text, place.at);
  if (line <= open->at.begin || may_be_field(text)) return std::nullopt;
  if (!is_script_line(line_above(place.text, line))) return std::nullopt;
  const auto begin = line + static_cast<std::uint32_t>(text.find_first_not_of(" \t"));
  const char first = place.text[begin];
  if (first == '$' || first == '>') return std::nullopt;
  const std::string signs =
      "a line of a script begins with `$`, or with `>` if the command above goes on";
  if (word_length(place.text.substr(begin)) == 0 && first != '"' && first != '\'') {
    return make("E008", {place.source, begin, token_end(place.text, begin)},
                "this line is no part of the script above", "it begins with neither `$` nor `>`",
                {signs});
  }
  return make(fault.code, here(place),
              fmt::format("expected {}, found {}", fault.expected, describe(place.text, place.at)),
              {}, {"a field is  name = value", signs});
}

namespace {

/// A declaration and what stands where the grammar saw that it read no node.
struct Expected {
  std::string_view declaration;
  std::string_view expected;
  std::array<std::string_view, 2> found;
};
constexpr std::array<Expected, 10> kExpected{{
    {"let", "`{`", {"=", ":"}},
    {"axis", "`{`", {"=", "="}},
    {"type", "`{`", {"=", "="}},
    {"param", "`{`", {":", ":"}},
    {"fn", "`{`", {"(", "("}},
    {"rule", "`{`", {"(", "("}},
    {"assert", "`{`", {"==", "!="}},
    {"assert", "`{`", {",", "("}},
    {"use", "a name", {"//", "./"}},
    {"workspace", "a name", {"{", "{"}},
}};

}  // namespace

/// One letter is wrong, and what follows fits the declaration but no node.
Answer mistyped_declaration(const Fault& fault, const FaultPlace& place) {
  if (place.open.size() != 1) return std::nullopt;
  const Words words = words_of(place);
  if (words.first.empty() || is_reserved(words.first)) return std::nullopt;
  const std::string_view text = rest(place);
  const auto meant = std::ranges::find_if(kExpected, [&](const Expected& one) {
    return edit_distance(words.first, one.declaration, 1) == 1 && fault.expected == one.expected &&
           std::ranges::any_of(one.found, [&](auto sign) { return text.starts_with(sign); });
  });
  if (meant == kExpected.end()) return std::nullopt;
  return make("E014", words.range, fmt::format("there is no declaration `{}`", words.first),
              fmt::format("did you mean `{}`?", meant->declaration));
}

/// A declaration of a node that has the shape of a call, of a mapping, or no name.
Answer node_shape(const Fault& fault, const FaultPlace& place) {
  const std::string_view text = rest(place);
  const bool names_node = std::string_view(fault.expected) == "a name";
  if (names_node && (text.starts_with('"') || text.starts_with('\''))) {
    return make("E014", here(place), "a name is a word without quotes", "expected a name");
  }
  if (place.open.size() != 1) return std::nullopt;
  const Words words = words_of(place);
  if (names_node && text.starts_with('{')) {
    return make("E014", here(place), fmt::format("this `{}` has no name", words.first),
                "expected a name", {fmt::format("write  {} name {{ … }}", words.first)});
  }
  if (words.first.empty() || is_reserved(words.first)) return std::nullopt;
  const bool wants_block = std::string_view(fault.expected) == "`{`";
  const std::string_view read =
      place.text.substr(place.decl_begin, place.token_end - place.decl_begin);
  const std::string_view name = read.substr(std::min(read.find_last_of(" \t") + 1, read.size()));
  // Behind `where` an `=` is meant as a comparison.
  if (wants_block && text.starts_with('=') && !text.starts_with("==") &&
      word_length(name) == name.size() && read.find(" where ") == std::string_view::npos) {
    return make("E014", {place.source, place.decl_begin, place.token_end},
                fmt::format("`{}` is defined without `let`", name), {},
                {fmt::format("write  let {} = …", name)});
  }
  if (wants_block && text.starts_with(':')) {
    return make("E014", here(place), "the fields of a node stand in braces", "expected `{`",
                {"write  rule name { field = value }"});
  }
  if (names_node && text.starts_with('(')) {
    return make("E014", here(place), "a node has a name, and its fields stand in braces",
                "expected a name",
                {fmt::format("write  {} name {{ field = value }}", words.first)});
  }
  return std::nullopt;
}

}  // namespace devgraph::lang::answers
