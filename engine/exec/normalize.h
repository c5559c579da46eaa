#pragma once
/// The filters of `normalize`: what of an input's text does not matter to its consumers.

#include <string>
#include <string_view>

namespace devgraph::exec {

/// `filters` is a list of `comments`, `crlf`, `blank`, separated by commas. `comments` drops whole
/// lines that are comments in the language that the name of the file tells; a comment behind code
/// stays, as it cannot be told from a string without knowing the language.
std::string normalize(std::string_view text, std::string_view path, std::string_view filters);

}  // namespace devgraph::exec
