#pragma once
/// What `explain` tries in turn: each answer knows one kind of mistake by what stands at the place.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/parse_faults.h"

namespace devgraph::lang::answers {

/// None where it is another kind of mistake.
using Answer = std::optional<Diagnostic>;

// --- brackets and quotes (parse_answers_brackets.cc) ---
Answer unclosed_quote(const Fault& fault, const FaultPlace& place);
Answer unclosed_bracket(const Fault& fault, const FaultPlace& place);
Answer hole_in_text(const Fault& fault, const FaultPlace& place);
Answer wrong_closer(const Fault& fault, const FaultPlace& place);
Answer line_ends(const Fault& fault, const FaultPlace& place);
Answer bad_escape(const Fault& fault, const FaultPlace& place);

// --- signs, words, numbers, paths (parse_answers_values.cc) ---
Answer wrong_sign(const Fault& fault, const FaultPlace& place);
Answer foreign_sign(const Fault& fault, const FaultPlace& place);
Answer operator_placement(const Fault& fault, const FaultPlace& place);
Answer reserved_name(const Fault& fault, const FaultPlace& place);
Answer wrong_case(const Fault& fault, const FaultPlace& place);
Answer bad_number(const Fault& fault, const FaultPlace& place);
Answer bad_path(const Fault& fault, const FaultPlace& place);

// --- scripts and declarations (parse_answers_decls.cc) ---
Answer script_place(const Fault& fault, const FaultPlace& place);
Answer statement(const Fault& fault, const FaultPlace& place);
Answer not_in_a_rule(const Fault& fault, const FaultPlace& place);
Answer brackets_touch(const Fault& fault, const FaultPlace& place);
Answer missing_separator(const Fault& fault, const FaultPlace& place);

// --- shapes of declarations, lines of scripts (parse_answers_shapes.cc) ---
Answer lost_script_line(const Fault& fault, const FaultPlace& place);
Answer mistyped_declaration(const Fault& fault, const FaultPlace& place);
Answer node_shape(const Fault& fault, const FaultPlace& place);

// --- what they share (parse_faults.cc) ---
bool is_digit(char c);

/// A keyword that begins a declaration.
bool is_declaration(std::string_view word);

/// The text from the place on.
std::string_view rest(const FaultPlace& place);

std::uint32_t start_of_line(std::string_view text, std::uint32_t at);
std::string_view line_of(std::string_view text, std::uint32_t at);

/// The innermost bracket or quote that is open.
const OpenBracket* innermost(const FaultPlace& place);

Diagnostic make(std::string code, Range range, std::string message, std::string label,
                std::vector<std::string> helps = {});

/// The word or sign at the place.
Range here(const FaultPlace& place);

std::string quoted(const FaultPlace& place, Range range);

}  // namespace devgraph::lang::answers
