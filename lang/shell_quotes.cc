#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

namespace {

constexpr int kMaxDepth = 64;

const Forbidden kBackquotes{"E209", "a hole cannot stand in backquotes",
                            "its quoting cannot be kept here",
                            "write `$(…)` in place of the backquotes"};
const Forbidden kParameter{
    "E212", "a hole cannot stand inside of `${…}`", "bash would read the value once more",
    "give the value a name on a line of its own, `$ value={}`, and use `\"$value\"` here"};
const Forbidden kArithmetic{
    "E211", "a hole cannot stand in shell arithmetic", "bash would evaluate the value as code",
    "compute it in the manifest; an int may get a name first: `$ n={}`, and `n` here"};
}  // namespace

void Compiler::single_quoted(Word& word) {
  const std::uint32_t begin = offset();
  word.quoted = true;
  copy();
  while (!failed_) {
    const int code = peek();
    if (code == kEnd) return unfinished("this quoted text", begin, begin + 1, "close it with `'`");
    if (code == '\n') {
      line_break(false);
      add_text(word, '\n');
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Single, &word);
    } else {
      const bool closes = code == '\'';
      if (!closes) add_text(word, code);
      copy();
      if (closes) return;
    }
  }
}

/// `$'…'`, with the cursor on the `$`.
void Compiler::ansi_quoted(Word& word) {
  const std::uint32_t begin = offset();
  word.quoted = true;
  word.literal = false;
  copy(2);
  while (!failed_) {
    const int code = peek();
    if (code == kEnd) return unfinished("this quoted text", begin, begin + 2, "close it with `'`");
    if (code == '\n') {
      line_break(false);
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Ansi, &word);
    } else if (code == '\\' && peek(1) >= 0 && peek(1) != '\n') {
      copy(2);
    } else {
      copy();
      if (code == '\'') return;
    }
  }
}

void Compiler::double_quoted(Word& word) {
  const std::uint32_t begin = offset();
  word.quoted = true;
  copy();
  while (!failed_) {
    const int code = peek();
    if (code == kEnd) return unfinished("this quoted text", begin, begin + 1, "close it with `\"`");
    if (at_line_join()) {
      join_lines();
    } else if (code == '\n') {
      line_break(false);
      add_text(word, '\n');
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Double, &word);
    } else if (code == '$') {
      dollar(word, true);
    } else if (code == '`') {
      backquoted(word);
    } else if (code == '\\' && peek(1) >= 0) {
      add_text(word, peek(1));
      copy(2);
    } else {
      copy();
      if (code == '"') return;
      add_text(word, code);
    }
  }
}

void Compiler::backquoted(Word& word) {
  const std::uint32_t begin = offset();
  const Refusing guard(forbidden_, kBackquotes);
  word.literal = false;
  copy();
  while (!failed_) {
    const int code = peek();
    if (code == kEnd) {
      return unfinished("this command in backquotes", begin, begin + 1,
                        "close it with a backquote");
    }
    if (code == '\n') {
      line_break(false);
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Double, nullptr);
    } else if (code == '\\' && peek(1) >= 0 && peek(1) != '\n') {
      copy(2);
    } else {
      copy();
      if (code == '`') return;
    }
  }
}

/// Whatever starts with `$`, with the cursor on it.
void Compiler::dollar(Word& word, bool quoted) {
  const int next = peek(1);
  if (next == '(' || next == '{' || next == '[') word.literal = false;
  if (next == '(' && peek(2) == '(' && is_arithmetic(1)) return arithmetic(3);
  if (next == '(') return substitution(2);
  if (next == '{') return parameter(quoted);
  if (next == '[') {
    const Refusing guard(forbidden_, kArithmetic);
    const std::uint32_t begin = offset();
    copy(2);
    for (int depth = 1; depth > 0 && !failed_;) {
      const int code = peek();
      if (code == kEnd || code == '\n') {
        return unfinished("this arithmetic", begin, begin + 2, "close it with `]`");
      }
      if (code == '[') ++depth;
      if (code == ']') --depth;
      if (code == kHole) {
        hole(HoleContext::Quoted, Quote::Double, nullptr);
      } else {
        copy();
      }
    }
    return;
  }
  if (next == '\'' && !quoted) return ansi_quoted(word);
  if (next == '"' && !quoted) {
    static const Forbidden kLocale{"E216", "a hole cannot stand in `$\"…\"`",
                                   "the text is translated before it is expanded",
                                   "leave out the `$` in front of the quotes"};
    const Refusing guard(forbidden_, kLocale);
    word.literal = false;
    copy();
    return double_quoted(word);
  }
  const std::string_view special = "$!?#*@-0123456789";
  const bool name = next == '_' || (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
  if (next > 0 && special.find(static_cast<char>(next)) != std::string_view::npos) {
    word.literal = false;
    return copy(2);
  }
  if (name) {
    word.literal = false;
  } else {
    add_text(word, '$');
  }
  copy();
}

/// `${…}`: copied to its brace; no hole is taken in it.
void Compiler::parameter(bool quoted) {
  const std::uint32_t begin = offset();
  const Refusing guard(forbidden_, kParameter);
  Word inner;
  copy(2);
  if (++depth_ > kMaxDepth)
    return stop("E216", range(begin, begin + 2), "the script is nested too deeply", "", "");
  while (!failed_) {
    const int code = peek();
    if (code == kEnd) return unfinished("this parameter", begin, begin + 2, "close it with `}`");
    if (at_line_join()) {
      join_lines();
    } else if (code == '\n') {
      line_break(false);
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Double, nullptr);
    } else if (code == '}') {
      copy();
      break;
    } else if (code == '\\' && peek(1) >= 0) {
      copy(2);
    } else if (code == '\'' && !quoted) {
      single_quoted(inner);
    } else if (code == '"') {
      double_quoted(inner);
    } else if (code == '$') {
      dollar(inner, quoted);
    } else if (code == '`') {
      backquoted(inner);
    } else {
      copy();
    }
  }
  --depth_;
}

/// Whether `((` at `ahead` is closed by `))`; else it is two subshells.
bool Compiler::is_arithmetic(std::size_t ahead) const {
  int depth = 2;
  for (std::size_t i = ahead + 2;; ++i) {
    const int code = peek(i);
    if (code == kEnd) return true;
    if (code == '\\') {
      ++i;
    } else if (code == '(') {
      ++depth;
    } else if (code == ')' && --depth == 1) {
      return peek(i + 1) == ')';
    }
  }
}

/// `((…))` or `$((…))`; `opening` units open it.
void Compiler::arithmetic(std::size_t opening) {
  const std::uint32_t begin = offset();
  const Refusing guard(forbidden_, kArithmetic);
  Word inner;
  copy(opening);
  for (int depth = 2; depth > 0 && !failed_;) {
    const int code = peek();
    if (code == kEnd) return unfinished("this arithmetic", begin, begin + 2, "close it with `))`");
    if (code == '\n') {
      line_break(false);
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Double, nullptr);
    } else if (at_line_join()) {
      join_lines();
    } else if (code == '\\' && peek(1) >= 0) {
      copy(2);
    } else {
      if (code == '(') ++depth;
      if (code == ')') --depth;
      copy();
    }
  }
}

/// `$(…)`, `<(…)`, `>(…)`: the context starts anew.
void Compiler::substitution(std::size_t opening) {
  List list;
  list.substitution = true;
  list.begin = offset();
  list.end = list.begin + 2;
  copy(opening);
  if (++depth_ > kMaxDepth) {
    return stop("E216", range(list.begin, list.end), "the script is nested too deeply",
                "one `$(…)` too many", "split the command into several lines");
  }
  commands(list);
  --depth_;
}

}  // namespace devgraph::lang::shell
