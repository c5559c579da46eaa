#include "lang/parse_faults.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/parse_answers.h"
#include "lang/words.h"

namespace devgraph::lang {

namespace {

constexpr std::array<std::string_view, 12> kDeclarations{"use",    "param",  "axis", "late",
                                                         "let",    "fn",     "rule", "effect",
                                                         "extern", "assert", "type", "workspace"};

bool is_bracket(Bracket kind) {
  return kind != Bracket::Declaration && kind != Bracket::Part && kind != Bracket::Path &&
         kind != Bracket::Command;
}

/// The first that knows the mistake has the word, so the order matters.
constexpr std::array kAnswers{
    answers::unclosed_quote,     answers::unclosed_bracket,
    answers::lost_script_line,   answers::line_ends,
    answers::hole_in_text,       answers::bad_escape,
    answers::script_place,       answers::wrong_closer,
    answers::statement,          answers::mistyped_declaration,
    answers::node_shape,         answers::wrong_sign,
    answers::foreign_sign,       answers::bad_number,
    answers::operator_placement, answers::bad_path,
    answers::reserved_name,      answers::wrong_case,
    answers::not_in_a_rule,      answers::brackets_touch,
    answers::missing_separator,
};

}  // namespace

namespace answers {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_declaration(std::string_view word) {
  return std::ranges::find(kDeclarations, word) != kDeclarations.end();
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

const OpenBracket* innermost(const FaultPlace& place) {
  for (auto open = place.open.rbegin(); open != place.open.rend(); ++open) {
    if (is_bracket(open->kind)) return &*open;
  }
  return nullptr;
}

Diagnostic make(std::string code, Range range, std::string message, std::string label,
                std::vector<std::string> helps) {
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

}  // namespace answers

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
  if (answers::is_digit(from[0])) return "a number";
  if (from.starts_with("./") || from.starts_with("//")) return "a path";
  return fmt::format("`{}`", printable(text.substr(at, token_end(text, at) - at)));
}

bool looks_like_declaration(std::string_view line) {
  const std::size_t size = word_length(line);
  if (size == 0) return false;
  const std::string_view word = line.substr(0, size);
  std::string_view behind = line.substr(size);
  const bool blank = behind.starts_with(' ') || behind.starts_with('\t');
  if (answers::is_declaration(word)) return blank;
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
    if (answers::Answer found = answer(fault, place)) return *std::move(found);
  }
  Diagnostic found = answers::make(
      fault.code, answers::here(place),
      fmt::format("expected {}, found {}", fault.expected, describe(place.text, place.at)), {});
  if (fault.help != nullptr) found.helps.emplace_back(fault.help);
  if (std::string_view(fault.expected) == "`else`" && answers::rest(place).starts_with("elif ")) {
    found.helps = {"write  else if condition then value else value"};
  }
  if (found.code == "E014") {
    found.helps.emplace_back(
        "declarations are use param axis let fn type rule assert workspace, and nodes: rule name { "
        "… }");
  }
  return found;
}

}  // namespace devgraph::lang
