#pragma once
/// The `$` and `>` lines of a script to bash, with every hole compiled to a parameter according to
/// the quoting context it stands in, so that no value can ever become shell syntax (language
/// reference, "Shell commands").

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"
#include "lang/ast.h"

namespace devgraph::lang {

/// Where a hole stands.
enum class HoleContext : std::uint8_t {
  Word,    ///< A whole unquoted word: `"${dg1[@]}"`; a list gives as many words as it has.
  Glued,   ///< Next to text in an unquoted word, or an assignment or redirection: must be one word.
  Quoted,  ///< Within `"…"`, `'…'` or a here-document: must be one word.
};

/// Hole number i of a script is the bash array dg<i+1> (always an array; one element for one word).
struct ScriptHole {
  const ast::Expr* expr = nullptr;
  HoleContext context = HoleContext::Word;
  Range range;  ///< With its braces; for Glued the whole word that it is part of.
};

/// A script that is one simple command of words, holes and redirections: it needs no bash. The
/// first word is `:`, a name that bash does not know itself, or one hole: then only if its value is
/// a file.
struct SimpleCommand {
  struct Part {
    std::string text;                   ///< Quotes removed.
    std::optional<std::uint32_t> hole;  ///< Index into `holes`.
  };
  using Word = std::vector<Part>;
  struct Redirect {
    int fd = 1;  ///< 0, 1 or 2.
    bool append = false;
    Word target;
  };
  std::vector<Word> words;
  std::vector<Redirect> redirects;
};

struct CompiledLine {
  std::string shown;  ///< As written behind `$ ` or `> `.
  Range range;
};

struct CompiledScript {
  /// Bash text. Before the text of line i that starts a command stands `dg_at i` on a line of its
  /// own (the preamble, written at run time, defines the function dg_at and the arrays dg1, dg2,
  /// …).
  std::string body;
  std::vector<ScriptHole> holes;
  std::vector<CompiledLine> lines;
  std::optional<SimpleCommand> simple;
  bool uses_raw = false;  ///< A hole is a call of raw(); its text is pasted: see `raw_holes`.
};

/// Faults are reported as E207…E219. A hole whose expression is a call `raw(x)` is compiled to
/// `eval`-free pasted text: body holds the mark `\x01<index>\x01`, replaced when the node is
/// evaluated.
CompiledScript compile_script(const ast::Script& script, const Sources& sources,
                              Diagnostics& found);

}  // namespace devgraph::lang
