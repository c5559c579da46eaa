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
    "compute it in the manifest, or give it a name first: `$ n={}`, and write `n` here"};
const Forbidden kSubscript{"E211", "a hole cannot be the subscript of an array",
                           "bash would evaluate the value as code",
                           "give it a name first: `$ i={}`, and write `$i` here"};

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

}  // namespace

bool Compiler::word_ends(std::size_t ahead) const {
  while (peek(ahead) == '\\' && peek(ahead + 1) == '\n')
    ahead += 2;
  const int code = peek(ahead);
  if ((code == '<' || code == '>') && peek(ahead + 1) == '(') return false;
  return is_meta(code);
}

void Compiler::add_text(Word& word, int code) const {
  if (word.literal && code >= 0) word.text += static_cast<char>(code);
}

/// Reads one word. The cursor is on its first unit, which is no blank.
Word Compiler::word(WordMode mode) {
  Word made;
  made.begin = offset();
  made.hole_first = peek() == kHole;
  const bool whole_hole = made.hole_first && !is_raw_call(*units_[position_].hole) &&
                          (mode == WordMode::Argument || mode == WordMode::Assign) && word_ends(1);
  if (whole_hole) {
    hole(HoleContext::Word, Quote::None, &made);
    made.end = units_[position_ - 1].end;
    return made;
  }
  const auto first_hole = static_cast<std::uint32_t>(out_.holes.size());
  int depth = 0;
  bool in_brackets = false;
  while (!failed_) {
    if (at_line_join()) {
      join_lines();
      continue;
    }
    const int code = peek();
    if (code == kEnd || code == '\n') break;
    if (mode == WordMode::Pattern) {
      if (depth == 0 && (is_blank(code) || code == ')' || code == ';' || code == '&')) break;
    } else if (is_meta(code) && word_ends(0)) {
      break;
    }
    word_unit(made, mode, depth, in_brackets);
  }
  made.end = position_ > 0 ? units_[position_ - 1].end : made.begin;
  for (std::uint32_t i = first_hole; i < out_.holes.size(); ++i) {
    if (out_.holes[i].context != HoleContext::Glued || is_raw_call(*out_.holes[i].expr)) continue;
    for (const std::uint32_t own : made.holes) {
      if (own == i) out_.holes[i].range = range(made.begin, made.end);
    }
  }
  return made;
}

void Compiler::word_unit(Word& word, WordMode mode, int& depth, bool& in_brackets) {
  const int code = peek();
  switch (code) {
    case kHole:
      if (mode == WordMode::Pattern && in_brackets) {
        const Forbidden why{"E216", "a hole cannot stand in the brackets of a pattern",
                            "not taken as plain text here",
                            "compare with the value as a whole: `[[ $x == {} ]]`"};
        const auto index = static_cast<std::uint32_t>(out_.holes.size());
        hole(HoleContext::Glued, Quote::None, &word);
        if (!out_.holes[index].expr || !is_raw_call(*out_.holes[index].expr)) refuse(index, why);
        return;
      }
      brace_sequence(word);
      hole(HoleContext::Glued, Quote::None, &word);
      return;
    case '\'':
      return single_quoted(word);
    case '"':
      return double_quoted(word);
    case '`':
      return backquoted(word);
    case '$':
      return dollar(word, false);
    case '\\':
      if (peek(1) == kEnd) {
        return stop("E218", range(offset(), offset() + 1), "the last command is not finished",
                    "joins with a line that is not there",
                    "leave out the backslash, or go on with a `>` line");
      }
      word.quoted = true;
      add_text(word, peek(1));
      copy(2);
      return;
    case '<':
    case '>':
      if (mode == WordMode::Pattern && peek(1) != '(') break;
      word.literal = false;
      return substitution(2);
    case '(':
      if (mode == WordMode::Pattern) ++depth;
      break;
    case ')':
      if (mode == WordMode::Pattern) --depth;
      break;
    case '[':
      in_brackets = true;
      if (mode == WordMode::Assign && word.literal && !word.quoted && is_name(word.text)) {
        return subscript(word);
      }
      break;
    case ']':
      in_brackets = false;
      break;
    case '=': {
      if (mode != WordMode::Assign || word.assignment || !word.literal || word.quoted) break;
      std::string_view name = word.text;
      if (name.ends_with('+')) name.remove_suffix(1);
      if (name.ends_with(']')) name = name.substr(0, name.find('['));
      if (!is_name(name)) break;
      word.assignment = true;
      add_text(word, code);
      copy();
      if (peek() == '(') array(word);
      return;
    }
    default:
      break;
  }
  add_text(word, code);
  copy();
}

/// `name[…` at the start of a word: holes are refused in it if it is assigned to.
void Compiler::subscript(Word& word) {
  std::size_t ahead = 1;
  while (peek(ahead) != ']' && (peek(ahead) == kHole || !is_meta(peek(ahead))))
    ++ahead;
  const bool assigned = peek(ahead) == ']' && (peek(ahead + 1) == '=' ||
                                               (peek(ahead + 1) == '+' && peek(ahead + 2) == '='));
  if (!assigned) {
    add_text(word, peek());
    copy();
    return;
  }
  const Refusing guard(forbidden_, kSubscript);
  for (std::size_t end = position_ + ahead + 1; position_ < end && !failed_;) {
    if (peek() == kHole) {
      hole(HoleContext::Glued, Quote::None, nullptr);
    } else {
      add_text(word, peek());
      copy();
    }
  }
}

/// `(…)` behind `name=`.
void Compiler::array(Word& word) {
  const std::uint32_t begin = offset();
  word.literal = false;
  copy();
  while (!failed_) {
    skip_blanks(true);
    const int code = peek();
    if (code == kEnd) return unfinished("this array", begin, begin + 1, "close it with `)`");
    if (code == ')') return copy();
    if (is_meta(code) && word_ends(0)) {
      return unexpected(std::string(1, static_cast<char>(code)), offset(), offset() + 1);
    }
    if (code == '[') {
      Word element;
      element.text = "element";
      subscript(element);
      if (peek() == '+' || peek() == '=') copy(peek() == '+' ? 2 : 1);
      if (word_ends(0)) continue;
      const Word value = this->word(WordMode::Glue);
      assigned_.insert(assigned_.end(), value.holes.begin(), value.holes.end());
      continue;
    }
    const Word value = this->word(WordMode::Argument);
    assigned_.insert(assigned_.end(), value.holes.begin(), value.holes.end());
  }
}

/// `{1..{n}}` is not expanded by bash when an end is a value.
void Compiler::brace_sequence(const Word& word) {
  const bool behind =
      position_ >= 2 && units_[position_ - 1].code == '.' && units_[position_ - 2].code == '.';
  const bool before = peek(1) == '.' && peek(2) == '.';
  if (!behind && !before) return;
  bool open = false;
  for (std::size_t i = position_; i-- > 0 && units_[i].begin >= word.begin;) {
    if (units_[i].code == '}') return;
    if (units_[i].code == '{') {
      open = true;
      break;
    }
  }
  if (!open) return;
  const Unit& unit = units_[position_];
  if (Diagnostic* made =
          fault("E216", range(unit.begin, unit.end), "a hole cannot be an end of a brace sequence",
                "bash expands `{a..b}` before it knows the value")) {
    made->helps.push_back(
        "use `seq`, for instance `$(seq 1 \"$n\")` behind `$ n={…}`, or a list "
        "made in the manifest: `{range(1, n)}`");
  }
}

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
