#pragma once
/// Words of the lines in files that people commit: what would end a word is written `\xNN`.

#include <optional>
#include <string>
#include <string_view>

namespace devgraph {

std::string line_word(std::string_view text);
/// None: an escape is none.
std::optional<std::string> unline_word(std::string_view text);

}  // namespace devgraph
