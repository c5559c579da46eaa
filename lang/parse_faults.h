#pragma once
/// The words for what is wrong with a text, found by looking at what stands at the place.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"

namespace devgraph::lang {

/// What the grammar wanted at a place where it had no other way on.
struct Fault {
  const char* code = nullptr;
  const char* expected = nullptr;  ///< `a value`, `\`}\``: fits behind "expected".
  const char* help = nullptr;      ///< A cure that always fits; may be null.
};

/// Constructs that are open while their parts are read.
enum class Bracket : std::uint8_t {
  Declaration,  ///< No bracket: from the first word to the end.
  Part,         ///< No bracket: a clause, a parameter.
  List,
  Record,
  Block,
  Paren,
  Call,
  Index,
  Match,
  Axes,
  Params,
  Body,
  Uses,
  TypeBracket,
  Hole,  ///< `{` in a string, path or script.
  String,
  BlockString,
  RawString,
  RawBlockString,
  Path,
  Command,
};

struct OpenBracket {
  Bracket kind{};
  Range at{};
};

/// What a parse knows at the place of a fault.
struct FaultPlace {
  SourceId source{};
  std::string_view text{};
  std::uint32_t at = 0;             ///< Where the grammar could not go on.
  std::uint32_t token_end = 0;      ///< Of what stands before it, blanks and comments left out.
  std::uint32_t decl_begin = 0;     ///< Of the declaration it is in.
  std::vector<OpenBracket> open{};  ///< Outermost first.
};

/// The diagnostic for a fault. Common mistakes get words of their own.
Diagnostic explain(const Fault& fault, const FaultPlace& place);

/// What stands at an offset, for "found …": a word, a sign, the end of the line or of the file.
std::string describe(std::string_view text, std::uint32_t at);

/// The bytes to underline at an offset: the word or sign there, at least one.
std::uint32_t token_end(std::string_view text, std::uint32_t at);

/// True if the line could begin a declaration: a keyword of one, or two words.
bool looks_like_declaration(std::string_view line);

}  // namespace devgraph::lang
