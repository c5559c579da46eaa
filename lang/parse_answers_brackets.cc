/// Answers: brackets and quotes that do not close, escapes.

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/parse_answers.h"
#include "lang/words.h"

namespace devgraph::lang::answers {

namespace {

/// Bytes of the character that the text starts with; 0 at a line end.
std::size_t token_size(std::string_view text) {
  if (line_length(text) == 0) return 0;
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
    ++size;
  return size;
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

}  // namespace

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
  const auto text = std::find_if(place.open.rbegin(), place.open.rend(),
                                 [](const auto& one) { return one.kind == Bracket::BlockString; });
  if (text != place.open.rend() &&
      start_of_line(place.text, text->at.begin) != start_of_line(place.text, at)) {
    found.also.push_back({text->at, "in the text that begins here"});
  }
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

}  // namespace devgraph::lang::answers
