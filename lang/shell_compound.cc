#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

bool Compiler::keyword(List& list, const Word& word) {
  const std::string& text = word.text;
  const auto push = [&](OpenKind kind) {
    list.opens.push_back(Open{kind, word.begin, word.end});
    list.needs_more = true;
  };
  if (text == "if") return push(OpenKind::If), true;
  if (text == "while" || text == "until") return push(OpenKind::Loop), true;
  if (text == "{") {
    if (!list.opens.empty() && list.opens.back().is_for && list.opens.back().phase == 0) {
      list.opens.pop_back();
    }
    return push(OpenKind::Brace), true;
  }
  if (text == "!" || text == "time") {
    list.needs_more = true;
    if (text == "time") skip_blanks(false);
    if (text == "time" && at("-p") && is_meta(peek(2))) copy(2);
    return true;
  }
  if (text == "for" || text == "select") {
    push(OpenKind::Loop);
    list.opens.back().is_for = true;
    for_head(list);
    return true;
  }
  if (text == "case") {
    push(OpenKind::Case);
    case_head(list);
    return true;
  }
  if (text == "function") return function_head(list), true;
  if (text == "[[") {
    condition(word);
    list.needs_more = false;
    list.place = Place::AfterCompound;
    return true;
  }
  return closing_keyword(list, word);
}

void Compiler::close(List& list, const Word& word, OpenKind kind, bool ready, const char* opener) {
  if (!ready || list.opens.empty() || list.opens.back().kind != kind) {
    stop("E217", range(word.begin, word.end), fmt::format("`{}` without {}", word.text, opener),
         "nothing here for it to close", "put it in quotes if it is meant as text");
    return;
  }
  end_command(list);
  list.opens.pop_back();
  list.needs_more = false;
  list.place = Place::AfterCompound;
}

/// `then`, `fi` and the like, which may also stand right behind a compound command.
bool Compiler::closing_keyword(List& list, const Word& word) {
  const std::string& text = word.text;
  const bool open = !list.opens.empty();
  const OpenKind kind = open ? list.opens.back().kind : OpenKind::Paren;
  const int phase = open ? list.opens.back().phase : 0;
  const auto step = [&](OpenKind wanted, int from, int to, const char* opener) {
    if (!open || kind != wanted || phase != from) {
      stop("E217", range(word.begin, word.end), fmt::format("`{}` without {}", text, opener),
           "nothing here for it to continue", "put it in quotes if it is meant as text");
      return true;
    }
    end_command(list);
    list.opens.back().phase = to;
    list.needs_more = true;
    return true;
  };
  if (text == "then") return step(OpenKind::If, 0, 1, "`if`");
  if (text == "elif") return step(OpenKind::If, 1, 0, "`then`");
  if (text == "else") return step(OpenKind::If, 1, 2, "`then`");
  if (text == "do") return step(OpenKind::Loop, 0, 1, "`for` or `while`");
  if (text == "fi") return close(list, word, OpenKind::If, phase > 0, "`then`"), true;
  if (text == "done") return close(list, word, OpenKind::Loop, phase == 1, "`do`"), true;
  if (text == "esac") return close(list, word, OpenKind::Case, true, "`case`"), true;
  if (text == "}") return close(list, word, OpenKind::Brace, true, "`{`"), true;
  return false;
}

void Compiler::skip_blanks(bool lines) {
  while (!failed_) {
    if (is_blank(peek())) {
      copy();
    } else if (at_line_join()) {
      join_lines();
    } else if (lines && peek() == '\n') {
      line_break(false);
    } else if (lines && peek() == '#') {
      comment();
    } else {
      return;
    }
  }
}

/// Behind `for`: a name and its words, or `((…))`.
void Compiler::for_head(List& list) {
  skip_blanks(false);
  if (at("((")) {
    arithmetic(2);
    list.place = Place::Command;
    skip_blanks(false);
    if (peek() == ';') copy();
    return;
  }
  const Word name = word(WordMode::Glue);
  for (const std::uint32_t hole : name.holes) {
    refuse(hole, {"E213", "a hole cannot be the name of a shell variable",
                  "needs a name that is written here", "write a name, for instance `for x in {}`"});
  }
  if (failed_ || !name.holes.empty()) return;
  if (!is_name(name.text)) return unexpected(name.text, name.begin, name.end);
  skip_blanks(true);
  if (at("in") && is_meta(peek(2))) {
    copy(2);
    list.for_words = true;
    list.place = Place::Arguments;
    list.needs_more = false;
    return;
  }
  if (peek() == ';') copy();
}

void Compiler::case_head(List& list) {
  skip_blanks(false);
  if (word_ends(0)) {
    return unexpected("case", list.opens.back().begin, list.opens.back().end);
  }
  word(WordMode::Glue);
  skip_blanks(true);
  if (failed_) return;
  if (!at("in") || !is_meta(peek(2))) {
    return stop("E217", range(offset(), offset() + 1), "`case` without `in`", "expected `in` here",
                "write `case WORD in`");
  }
  copy(2);
}

/// One pattern list, up to its `)`, or `esac`. The cursor is on neither blank nor line end.
void Compiler::case_pattern(List& list) {
  if (peek() == '(') {
    copy();
    skip_blanks(false);
  }
  while (!failed_) {
    skip_blanks(false);
    if (word_ends(0)) return unexpected("this pattern", offset(), offset() + 1);
    const Word pattern = word(WordMode::Glue);
    if (pattern.literal && !pattern.quoted && pattern.text == "esac") {
      return close(list, pattern, OpenKind::Case, true, "`case`");
    }
    skip_blanks(false);
    if (peek() == ')') break;
    if (peek() != '|') {
      return stop("E217", range(offset(), offset() + 1), "a pattern of `case` without `)`",
                  "expected `)` or `|` here", "write `PATTERN) COMMANDS ;;`");
    }
    copy();
  }
  if (failed_) return;
  copy();
  list.opens.back().phase = 1;
  list.place = Place::Command;
}

void Compiler::function_head(List& list) {
  skip_blanks(false);
  const Word name = word(WordMode::Glue);
  for (const std::uint32_t hole : name.holes) {
    refuse(hole, {"E213", "a hole cannot be the name of a shell function",
                  "needs a name that is written here", ""});
  }
  skip_blanks(false);
  if (at("()")) copy(2);
  list.place = Place::Command;
  list.needs_more = true;
}

/// `[[ … ]]`, behind its opening word.
void Compiler::condition(const Word& opener) {
  std::vector<Word> words;
  while (!failed_) {
    skip_blanks(true);
    const int code = peek();
    if (code == kEnd) {
      return unfinished("this condition", opener.begin, opener.end, "close it with `]]`");
    }
    const bool substitutes = (code == '<' || code == '>') && peek(1) == '(';
    if (code == '(' || code == ')' || code == '|' || code == '&' ||
        ((code == '<' || code == '>') && !substitutes)) {
      Word sign;
      sign.text = std::string(1, static_cast<char>(code));
      words.push_back(std::move(sign));
      copy();
      continue;
    }
    if (code == ';') return unexpected(";", offset(), offset() + 1);
    const bool pattern = !words.empty() && words.back().literal && !words.back().quoted &&
                         (words.back().text == "=~" || words.back().text == "==" ||
                          words.back().text == "=" || words.back().text == "!=");
    words.push_back(word(pattern ? WordMode::Pattern : WordMode::Glue));
    const Word& made = words.back();
    if (made.literal && !made.quoted && made.text == "]]") break;
  }
  if (!failed_) check_condition(words);
}

}  // namespace devgraph::lang::shell
