#include <algorithm>

#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

namespace {

const char* name_of(OpenKind kind) {
  switch (kind) {
    case OpenKind::If:
      return "`if`";
    case OpenKind::Loop:
      return "this loop";
    case OpenKind::Case:
      return "`case`";
    case OpenKind::Brace:
      return "the group of commands";
    case OpenKind::Paren:
      return "the subshell";
  }
  return "this command";
}

const char* closer_of(OpenKind kind) {
  switch (kind) {
    case OpenKind::If:
      return "close it with `fi`";
    case OpenKind::Loop:
      return "close it with `done`";
    case OpenKind::Case:
      return "close it with `esac`";
    case OpenKind::Brace:
      return "close it with `}`";
    case OpenKind::Paren:
      return "close it with `)`";
  }
  return "";
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool declares(const std::vector<Word>& words) {
  if (words.empty() || !words.front().literal) return false;
  for (const std::string_view name : {"declare", "typeset", "local", "export", "readonly"}) {
    if (words.front().text == name) return true;
  }
  return false;
}

}  // namespace

bool Compiler::complete(const List& list) const {
  const bool waits = list.needs_more && list.place == Place::Command;
  return !list.substitution && depth_ == 0 && list.opens.empty() && list.heres.empty() && !waits;
}

void Compiler::unexpected(const std::string& what, std::uint32_t begin, std::uint32_t end) {
  stop("E217", range(begin, end), fmt::format("`{}` is not expected here by the shell", what),
       "not understood", "put it in quotes if it is meant as text");
}

/// Reads commands up to the end of the script, or up to the `)` of a substitution.
void Compiler::commands(List& list) {
  while (!failed_) {
    const int code = peek();
    if (code == kEnd) return end_of_list(list);
    if (is_blank(code)) {
      copy();
    } else if (at_line_join()) {
      join_lines();
    } else if (code == '#') {
      comment();
    } else if (code == '\n') {
      newline(list);
    } else if (!list.opens.empty() && list.opens.back().kind == OpenKind::Case &&
               list.opens.back().phase == 0) {
      case_pattern(list);
    } else if (list.substitution && code == ')' &&
               (list.opens.empty() || list.opens.back().kind != OpenKind::Paren)) {
      if (!list.opens.empty() || !list.heres.empty()) return end_of_list(list);
      end_command(list);
      return copy();
    } else if (is_meta(code)) {
      operator_token(list);
    } else {
      word_token(list);
    }
  }
}

void Compiler::end_of_list(List& list) {
  end_command(list);
  if (!list.heres.empty()) {
    const PendingHere& here = list.heres.front();
    return unfinished("this here-document", here.begin, here.end,
                      fmt::format("end it with the line `> {}`", here.delimiter));
  }
  if (!list.opens.empty()) {
    const Open& open = list.opens.back();
    return unfinished(name_of(open.kind), open.begin, open.end, closer_of(open.kind));
  }
  if (list.substitution) {
    return unfinished("this command substitution", list.begin, list.end, "close it with `)`");
  }
  if (list.needs_more) {
    const std::uint32_t end = script_.lines.back().range.end;
    stop("E218", range(end > 0 ? end - 1 : 0, end), "the last command is not finished",
         "a command must follow", "a line that continues the command starts with `>`");
  }
}

void Compiler::newline(List& list) {
  if (!list.words.empty() || list.place != Place::Command) end_command(list);
  while (!list.heres.empty() && peek() == '\n' && !failed_) {
    line_break(false);
    if (failed_) return;
    const PendingHere here = list.heres.front();
    list.heres.erase(list.heres.begin());
    here_document(here);
  }
  if (!failed_) line_break(complete(list));
}

void Compiler::end_command(List& list) {
  if (list.place != Place::Command) list.needs_more = false;
  if (!list.words.empty() && !list.for_words) check_command(list.words);
  check_fed(list);
  list.words.clear();
  list.for_words = false;
  list.place = Place::Command;
}

void Compiler::operator_token(List& list) {
  const int code = peek();
  switch (code) {
    case ';':
      return semicolon(list);
    case '|':
      end_command(list);
      copy(peek(1) == '|' || peek(1) == '&' ? 2 : 1);
      list.needs_more = true;
      return;
    case '&':
      if (peek(1) == '>') return redirection(list);
      end_command(list);
      list.needs_more = peek(1) == '&';
      return copy(list.needs_more ? 2 : 1);
    case '(':
      return open_paren(list);
    case ')':
      return close_paren(list);
    default:
      if (peek(1) == '(') return word_token(list);
      return redirection(list);
  }
}

void Compiler::semicolon(List& list) {
  const std::uint32_t begin = offset();
  if (peek(1) != ';' && peek(1) != '&') {
    end_command(list);
    list.needs_more = false;
    return copy();
  }
  if (list.opens.empty() || list.opens.back().kind != OpenKind::Case) {
    return unexpected(";;", begin, begin + 2);
  }
  end_command(list);
  copy(at(";;&") ? 3 : 2);
  list.opens.back().phase = 0;
}

void Compiler::open_paren(List& list) {
  const std::uint32_t begin = offset();
  if (list.place == Place::Command) {
    list.needs_more = false;
    if (peek(1) == '(' && is_arithmetic(0)) {
      arithmetic(2);
      list.place = Place::AfterCompound;
      return;
    }
    list.opens.push_back(Open{OpenKind::Paren, begin, begin + 1});
    return copy();
  }
  const bool defines = list.place == Place::Arguments && list.words.size() == 1 &&
                       list.words.front().literal && !list.for_words;
  std::size_t ahead = 1;
  while (is_blank(peek(ahead)))
    ++ahead;
  if (!defines || peek(ahead) != ')') return unexpected("(", begin, begin + 1);
  copy(ahead + 1);
  list.words.clear();
  list.place = Place::Command;
  list.needs_more = true;
}

void Compiler::close_paren(List& list) {
  const std::uint32_t begin = offset();
  if (list.opens.empty() || list.opens.back().kind != OpenKind::Paren) {
    if (!list.opens.empty()) {
      const Open& open = list.opens.back();
      return unfinished(name_of(open.kind), open.begin, open.end, closer_of(open.kind));
    }
    return unexpected(")", begin, begin + 1);
  }
  end_command(list);
  list.opens.pop_back();
  list.place = Place::AfterCompound;
  list.needs_more = false;
  copy();
}

void Compiler::word_token(List& list) {
  const bool may_assign =
      list.place == Place::Command || list.place == Place::Prefix || declares(list.words);
  const Word made = word(may_assign ? WordMode::Assign : WordMode::Argument);
  if (failed_) return;
  const bool plain = made.literal && !made.quoted;
  if (plain && is_number(made.text) && (peek() == '<' || peek() == '>') && peek(1) != '(') {
    return redirection(list);
  }
  if (plain && list.place == Place::Command && keyword(list, made)) return;
  if (failed_) return;
  if (list.place == Place::AfterCompound) {
    if (plain && closing_keyword(list, made)) return;
    return unexpected(plain ? made.text : std::string("this word"), made.begin, made.end);
  }
  list.needs_more = false;
  list.words.push_back(made);
  if (list.place == Place::Arguments) return;
  list.place = made.assignment ? Place::Prefix : Place::Arguments;
}

}  // namespace devgraph::lang::shell
