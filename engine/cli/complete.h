#pragma once
/// What may stand where the cursor is: the answers for the shells' completion.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph::cli {

struct Candidate {
  std::string text;  ///< The whole word; one that ends in `=` goes on.
  std::string doc;   ///< One line, may be empty.
};

/// The graph whose labels are offered, and the project of the working folder. May give null.
using GraphSource = std::function<const Graph*(std::string& project)>;

/// `words` without the program; the last one is being typed and may be empty.
std::vector<Candidate> complete(const std::vector<std::string>& words, const GraphSource& graph);

/// Labels for what was typed so far.
std::vector<Candidate> complete_label(const Graph& graph, std::string_view project,
                                      std::string_view typed);

/// A command line as far as it was typed, in words as the shell sees them; the last may be empty.
std::vector<std::string> split_line(std::string_view line);

/// bash replaces only what follows the last of these characters in the word.
std::string after_last_break(std::string_view word, std::string_view candidate,
                             std::string_view breaks);

}  // namespace devgraph::cli
