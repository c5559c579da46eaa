#pragma once
/// What is wrong with a manifest, in words a newcomer can act on, and how it is shown.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/source.h"

namespace devgraph {

enum class Severity : std::uint8_t { Error, Warning };

/// A place with the few words that stand behind its carets.
struct Pointer {
  Range range;
  std::string label;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;     ///< `E203`; each has a page for `devgraph explain`.
  std::string message;  ///< What is wrong: lower case, no full stop, user text in backquotes.
  std::optional<Pointer> where;    ///< None for faults of the command line.
  std::vector<Pointer> also;       ///< Further places, each shown with its excerpt.
  std::vector<std::string> helps;  ///< Lines behind `=`: what more is known, and the cure.
};

/// Collects; does not print. One per thread of work, merged by `take`.
class Diagnostics {
 public:
  Diagnostic& error(std::string code, Range range, std::string message, std::string label = {});
  Diagnostic& warning(std::string code, Range range, std::string message, std::string label = {});
  void add(Diagnostic diagnostic);
  void take(Diagnostics&& other);

  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return items_; }
  /// By source name and offset; equal texts at one place are kept once.
  void sort(const Sources& sources);

 private:
  std::vector<Diagnostic> items_;
  std::size_t errors_ = 0;
};

/// At most `limit` diagnostics as text with excerpts and carets, and a line that says how many more
/// there are. `color` adds SGR sequences and nothing else.
std::string render_text(const Diagnostics& found, const Sources& sources, bool color,
                        std::size_t limit = 20);
/// One JSON array; each element has severity, code, message, file, line, column, end_line,
/// end_column, label, also, helps.
std::string render_json(const Diagnostics& found, const Sources& sources);

}  // namespace devgraph
