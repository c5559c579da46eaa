#pragma once
/// The shell lexer behind compile_script: one pass over the bytes and holes of a script that knows
/// which quoting context it is in, and writes bash text as it goes. Internal to lang/shell*.cc.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell.h"

namespace devgraph::lang::shell {

inline constexpr int kEnd = -1;
inline constexpr int kHole = -2;

/// One byte, one hole, or the end of a line (`\n`, which no line holds itself).
struct Unit {
  int code = kEnd;
  std::uint32_t begin = 0;  ///< In the manifest.
  std::uint32_t end = 0;
  const ast::Expr* hole = nullptr;
  std::uint32_t line = 0;  ///< For `\n`: the line that begins behind it.
};

/// The lines of a script in a row, without a `\n` behind the last.
std::vector<Unit> units_of(const ast::Script& script, const Sources& sources);

bool is_raw_call(const ast::Expr& expr);
bool is_name(std::string_view text);  ///< `[A-Za-z_][A-Za-z0-9_]*`
bool is_blank(int code);
/// Ends an unquoted word: a blank, an end, or one of `|&;()<>`.
bool is_meta(int code);

/// The script as a SimpleCommand if it is one. `holes` are those of the compiled script.
std::optional<SimpleCommand> simple_command(const std::vector<Unit>& units,
                                            const CompiledScript& script);

/// A shell word, as far as its text is known.
struct Word {
  std::uint32_t begin = 0;  ///< In the manifest.
  std::uint32_t end = 0;
  std::string text;         ///< Quotes removed; ends at the first expansion or hole.
  bool literal = true;      ///< `text` is all of it.
  bool quoted = false;      ///< Some of it is quoted, so it is no reserved word.
  bool assignment = false;  ///< `name=…` where bash takes it as one.
  bool hole_first = false;
  std::vector<std::uint32_t> holes;  ///< Those that are part of it, not of a `$( )` in it.
};

enum class WordMode : std::uint8_t {
  Argument,  ///< A hole may be the whole word.
  Glue,      ///< Always one word: a target of a redirection, the subject of `case`.
  Assign,    ///< As Argument; `name=…` and `name=(…)` are assignments.
  Pattern,   ///< The right side of `==` and `=~` in `[[ ]]`.
};

enum class OpenKind : std::uint8_t { If, Loop, Case, Brace, Paren };

/// A compound command that is not closed yet.
struct Open {
  OpenKind kind = OpenKind::If;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  int phase =
      0;  ///< If: 0 condition, 1 then, 2 else. Loop: 0 head, 1 body. Case: 0 pattern, 1 body.
  bool is_for = false;
};

struct PendingHere {
  std::string delimiter;
  std::string shell{};  ///< The shell that runs it as code; empty where it is data.
  bool open = true;     ///< Its command has not ended yet.
  bool quoted = false;
  bool strip_tabs = false;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class Place : std::uint8_t {
  Command,  ///< A command may start; reserved words are known.
  Prefix,   ///< Behind an assignment or redirection that precedes the command.
  Arguments,
  AfterCompound,  ///< Behind `fi`, `done`, `)`: redirections, operators, closing words.
};

/// What is known of one list of commands: the script itself, or the inside of a `$( )`.
struct List {
  bool substitution = false;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  Place place = Place::Command;
  bool needs_more = false;  ///< Behind `|`, `&&`, `!`, `name()`.
  bool for_words = false;   ///< `words` are those of `for x in …`.
  std::vector<Word> words;
  std::vector<Open> opens;
  std::vector<PendingHere> heres;
  std::vector<std::uint32_t> here_strings;  ///< Holes behind `<<<` of the command.
};

/// Why no hole may stand here.
struct Forbidden {
  std::string code;
  std::string message;
  std::string label;
  std::string cure;
};

/// For what a shell reads from its standard input.
Forbidden runs_as_code(const std::string& shell);

/// Sets the reason for which holes are refused, unless an outer one stands.
class Refusing {
 public:
  Refusing(const Forbidden*& slot, const Forbidden& why) : slot_(slot), before_(slot) {
    if (slot_ == nullptr) slot_ = &why;
  }
  ~Refusing() { slot_ = before_; }
  Refusing(const Refusing&) = delete;
  Refusing& operator=(const Refusing&) = delete;

 private:
  const Forbidden*& slot_;
  const Forbidden* before_;
};

class Compiler {
 public:
  Compiler(const ast::Script& script, const Sources& sources, Diagnostics& found);
  CompiledScript run();

 private:
  // reading and writing (shell.cc)
  int peek(std::size_t ahead = 0) const;
  std::uint32_t offset() const;
  bool at(std::string_view text) const;
  void copy(std::size_t count = 1);
  bool at_line_join() const;
  void join_lines();
  void line_break(bool complete);
  bool next_line_is_blank() const;
  void comment();
  enum class Quote : std::uint8_t { None, Single, Ansi, Double };
  void hole(HoleContext context, Quote quote, Word* word);
  Diagnostic* fault(std::string code, Range where, std::string message, std::string label);
  void stop(std::string code, Range where, std::string message, std::string label,
            std::string cure);
  void unfinished(const std::string& what, std::uint32_t begin, std::uint32_t end,
                  const std::string& closer);
  void refuse(std::uint32_t hole, const Forbidden& why);
  Range range(std::uint32_t begin, std::uint32_t end) const;
  std::string written(std::uint32_t hole) const;

  // words and quotes (shell_words.cc)
  bool word_ends(std::size_t ahead) const;
  Word word(WordMode mode);
  void word_unit(Word& word, WordMode mode, int& depth, bool& in_brackets);
  void word_hole(Word& word, bool in_brackets);
  bool assignment(Word& word);
  void add_text(Word& word, int code) const;
  void subscript(Word& word);
  void array(Word& word);
  void brace_sequence(const Word& word);

  // quotes and expansions (shell_quotes.cc)
  void single_quoted(Word& word);
  void ansi_quoted(Word& word);
  void double_quoted(Word& word);
  void backquoted(Word& word);
  void dollar(Word& word, bool quoted);
  void parameter(bool quoted);
  bool is_arithmetic(std::size_t ahead) const;
  void arithmetic(std::size_t opening);
  void substitution(std::size_t opening);

  // commands (shell_commands.cc)
  void commands(List& list);
  void end_of_list(List& list);
  bool complete(const List& list) const;
  void newline(List& list);
  void end_command(List& list);
  void operator_token(List& list);
  void semicolon(List& list);
  void open_paren(List& list);
  void close_paren(List& list);
  void word_token(List& list);

  // compound commands (shell_compound.cc)
  bool keyword(List& list, const Word& word);
  bool closing_keyword(List& list, const Word& word);
  void close(List& list, const Word& word, OpenKind kind, bool ready, const char* opener);
  void for_head(List& list);
  void case_head(List& list);
  void case_pattern(List& list);
  void function_head(List& list);
  void condition(const Word& opener);
  void skip_blanks(bool lines);
  void unexpected(const std::string& what, std::uint32_t begin, std::uint32_t end);

  // redirections and here-documents (shell_redirect.cc)
  void redirection(List& list);
  void here_word(List& list, bool strip_tabs, std::uint32_t begin);
  void here_document(const PendingHere& here);
  std::optional<std::size_t> here_end(const PendingHere& here) const;

  // what commands do with their words (shell_check.cc)
  void check_command(const std::vector<Word>& words);
  void check_fed(List& list);
  void check_code_variable(const Word& word);
  void check_builtin(const std::vector<Word>& words, std::size_t first);
  void check_declaration(const std::vector<Word>& words, std::size_t first);
  void check_test(const std::vector<Word>& words, std::size_t first);
  void check_shell_code(const std::vector<Word>& words);
  void check_condition(const std::vector<Word>& words);
  void refuse_holes(const Word& word, const Forbidden& why);

  const ast::Script& script_;
  const Sources& sources_;
  Diagnostics& found_;
  std::vector<Unit> units_;
  std::size_t position_ = 0;
  std::size_t limit_ = 0;  ///< Where `peek` sees the end: that of the script or a here-document.
  SourceId source_{};
  bool failed_ = false;  ///< The rest cannot be understood; no further faults are reported.
  int depth_ = 0;
  const Forbidden* forbidden_ = nullptr;
  std::vector<std::uint32_t> assigned_;  ///< Holes that are assigned to variables.
  std::optional<Range> integer_;         ///< The first `declare -i` or `-n`.
  CompiledScript out_;
};

}  // namespace devgraph::lang::shell
