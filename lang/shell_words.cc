#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

namespace {

const Forbidden kSubscript{"E211", "a hole cannot be the subscript of an array",
                           "bash would evaluate the value as code",
                           "an int may get a name first: `$ i={}`, and `$i` here"};

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
      return word_hole(word, mode == WordMode::Pattern && in_brackets);
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
    case '=':
      if (mode == WordMode::Assign && assignment(word)) return;
      break;
    default:
      break;
  }
  add_text(word, code);
  copy();
}

/// A hole that is not the whole word.
void Compiler::word_hole(Word& word, bool in_brackets) {
  const auto index = static_cast<std::uint32_t>(out_.holes.size());
  if (!in_brackets) brace_sequence(word);
  hole(HoleContext::Glued, Quote::None, &word);
  if (!in_brackets || is_raw_call(*out_.holes[index].expr)) return;
  refuse(index,
         {"E216", "a hole cannot stand in the brackets of a pattern",
          "not taken as plain text here", "compare with the value as a whole: `[[ $x == {} ]]`"});
}

/// The `=` of `name=`, `name+=` or `name[…]=`; false if it is none of these.
bool Compiler::assignment(Word& word) {
  if (word.assignment || !word.literal || word.quoted) return false;
  std::string_view name = word.text;
  if (name.ends_with('+')) name.remove_suffix(1);
  if (name.ends_with(']')) name = name.substr(0, name.find('['));
  if (!is_name(name)) return false;
  word.assignment = true;
  add_text(word, peek());
  copy();
  if (peek() == '(') array(word);
  return true;
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

}  // namespace devgraph::lang::shell
