#pragma once
/// Values as the words of a command, and as text for bash.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// What turning values into words needs to know of the run.
struct WordMaker {
  const Graph& graph;
  Files& files;
  std::string scratch;                                ///< Response files are made here.
  std::span<const InputId> missing;                   ///< Sorted; no words for these.
  std::function<std::string(InputId)> input_word;     ///< The path a command sees.
  std::function<std::string(InputId)> input_content;  ///< The path to read a Text from.
  std::function<std::string(std::uint32_t)> output_word;
  unsigned response_files = 0;  ///< Made so far.

  /// Appends the words of a value: a list as many as it has, `none` none, all others one.
  Status words(ValueId id, std::vector<std::string>& out);
  /// The one word of a value; `what` names it in errors: `env CC`.
  Result<std::string> word(ValueId value, const std::string& what);
  /// The content of a file without one newline at its end. Error: it has a NUL.
  Result<std::string> text(InputId input);

 private:
  Status join(const Value& value, std::vector<std::string>& out);
  Status response(const Value& value, std::vector<std::string>& out);
};

/// `'it'\''s'`: exactly these bytes for bash.
std::string quoted(std::string_view word);

/// `dg1=('a' 'b c')` and a newline.
std::string array_text(std::string_view name, std::span<const std::string> words);

}  // namespace devgraph::exec
