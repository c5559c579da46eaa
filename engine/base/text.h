#pragma once
/// Text for people: what a terminal may show, near misses, numbers with units.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace devgraph {

/// The parts point into `text`, which must outlive them: so it is no temporary string.
std::vector<std::string_view> split(std::string_view text, char separator);
template <std::same_as<std::string> Temporary>
std::vector<std::string_view> split(Temporary&& text, char separator) = delete;
std::string_view trim(std::string_view text);
bool is_valid_utf8(std::string_view text);

/// The length of the code point at the start if it is well-formed UTF-8 that a terminal may show
/// (no control, no bidi control, no line separator); else 0.
std::size_t printable_utf8_length(std::string_view text);

/// The text as one line that cannot harm a terminal: control bytes, invalid UTF-8 and bidi controls
/// become `\x1b`, `\n` or `\u{202e}`; printable UTF-8 stays.
std::string printable(std::string_view text);

/// A POSIX shell word: bare when it is safe, else in single quotes. For texts that people paste.
std::string shell_word(std::string_view text);

/// Levenshtein distance with transpositions; stops counting at `limit` + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// The candidate nearest to `word` within distance 2 (1 for words of up to 3 bytes); the first of
/// equals. None if nothing is near.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// `0.4s`, `12.3s`, `3m05s`, `2h07m`.
std::string human_duration(std::chrono::milliseconds time);

/// `12 B`, `4.2 KiB`, `1.3 GiB`.
std::string human_size(std::uint64_t bytes);

}  // namespace devgraph
