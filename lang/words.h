#pragma once
/// What a word of the language is: shared by the parser, the formatter and near-miss hints.

#include <cstddef>
#include <span>
#include <string_view>

namespace devgraph::lang {

/// Bytes of the kebab-case word that the text starts with; 0 if it starts with none. A minus
/// belongs to a word only before a letter or digit.
std::size_t word_length(std::string_view text);

/// Words of the grammar that cannot be names (`type`, `workspace`, `as`, `devgraph` can).
bool is_reserved(std::string_view word);

/// Units of durations and sizes.
std::span<const std::string_view> units();
bool is_unit(std::string_view word);

/// Bytes before the line end (LF, CR LF, end of text).
std::size_t line_length(std::string_view text);

}  // namespace devgraph::lang
