#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

/// The cursor is on `<`, `>` or `&>`; a number of a descriptor before it is copied already.
void Compiler::redirection(List& list) {
  const std::uint32_t begin = offset();
  if (list.place == Place::Command) list.place = Place::Prefix;
  list.needs_more = false;
  std::string_view found;
  for (const std::string_view text :
       {"&>>", "<<<", "<<-", "&>", "<<", ">>", "<&", ">&", "<>", ">|", "<", ">"}) {
    if (!at(text)) continue;
    found = text;
    break;
  }
  copy(found.size());
  const std::uint32_t end = begin + static_cast<std::uint32_t>(found.size());
  skip_blanks(false);
  if (word_ends(0)) {
    return stop("E217", range(begin, end), fmt::format("nothing stands behind `{}`", found),
                "needs a file name", "");
  }
  if (found == "<<" || found == "<<-") return here_word(list, found == "<<-", begin);
  const Word target = word(WordMode::Glue);
  if (found == "<<<") {
    list.here_strings.insert(list.here_strings.end(), target.holes.begin(), target.holes.end());
  }
  if (found == "<&" || found == ">&") {
    for (const std::uint32_t hole : target.holes) {
      refuse(hole, {"E216", fmt::format("a hole cannot stand behind `{}`", found),
                    "bash would take some values as descriptors",
                    "redirect both outputs to a file with `&>{}`"});
    }
  }
}

void Compiler::here_word(List& list, bool strip_tabs, std::uint32_t begin) {
  PendingHere here;
  here.strip_tabs = strip_tabs;
  here.begin = begin;
  while (!failed_ && !is_meta(peek())) {
    const int code = peek();
    if (code == kHole) {
      const auto index = static_cast<std::uint32_t>(out_.holes.size());
      hole(HoleContext::Glued, Quote::None, nullptr);
      refuse(index, {"E213", "a hole cannot be the end mark of a here-document",
                     "must be known when the script is written",
                     "write a plain word, for instance `<<EOF`"});
      failed_ = true;
      position_ = limit_ = units_.size();
      return;
    }
    if (code == '\\') {
      here.quoted = true;
      copy();
      if (peek() >= 0 && peek() != '\n') {
        here.delimiter += static_cast<char>(peek());
        copy();
      }
      continue;
    }
    if (code == '\'' || code == '"') {
      here.quoted = true;
      copy();
      while (peek() >= 0 && peek() != code && peek() != '\n') {
        here.delimiter += static_cast<char>(peek());
        copy();
      }
      if (peek() != code) {
        return unfinished("this quoted text", begin, offset(), "close the quotes");
      }
      copy();
      continue;
    }
    here.delimiter += static_cast<char>(code);
    copy();
  }
  here.end = position_ > 0 ? units_[position_ - 1].end : begin;
  list.heres.push_back(here);
}

/// The unit at which the line begins that ends the document.
std::optional<std::size_t> Compiler::here_end(const PendingHere& here) const {
  for (std::size_t start = position_; start <= limit_;) {
    std::string line;
    bool plain = true;
    std::size_t i = start;
    for (; i < limit_; ++i) {
      const int code = units_[i].code;
      // In a document that expands, bash joins lines before it looks for the mark.
      if (!here.quoted && code == '\\' && i + 1 < limit_) {
        if (units_[i + 1].code != '\n') line += '\\';
        if (units_[++i].code == kHole) plain = false;
        if (units_[i].code >= 0 && units_[i].code != '\n')
          line += static_cast<char>(units_[i].code);
        continue;
      }
      if (code == '\n') break;
      if (code == kHole) {
        plain = false;
      } else {
        line += static_cast<char>(code);
      }
    }
    if (here.strip_tabs) line.erase(0, line.find_first_not_of('\t'));
    if (plain && line == here.delimiter) return start;
    if (i >= limit_) return std::nullopt;
    start = i + 1;
  }
  return std::nullopt;
}

/// Copies the lines of a here-document and its end mark; the cursor is left behind the mark.
void Compiler::here_document(const PendingHere& here) {
  const std::optional<std::size_t> mark = here_end(here);
  if (!mark) {
    return unfinished("this here-document", here.begin, here.end,
                      fmt::format("end it with the line `> {}`", here.delimiter));
  }
  const Forbidden literal{
      "E208", "a hole cannot stand in a here-document that does not expand",
      "taken as plain text by bash",
      fmt::format("write `<<{}` without quotes, and `\\$` for a dollar sign", here.delimiter)};
  const Forbidden fed = runs_as_code(here.shell);
  const std::size_t outer = limit_;
  const Forbidden* const before = forbidden_;
  if (here.quoted && forbidden_ == nullptr) forbidden_ = &literal;
  if (!here.shell.empty() && forbidden_ == nullptr) forbidden_ = &fed;
  limit_ = *mark;
  Word ignored;
  // The line end before the mark belongs to the document, so `limit_` is behind it.
  while (!failed_ && peek() != kEnd) {
    const int code = peek();
    if (code == '\n') {
      line_break(false);
    } else if (code == kHole) {
      hole(HoleContext::Quoted, Quote::Double, nullptr);
    } else if (!here.quoted && at_line_join()) {
      join_lines();
    } else if (!here.quoted && code == '\\' && peek(1) >= 0) {
      copy(2);
    } else if (!here.quoted && code == '$') {
      dollar(ignored, true);
    } else if (!here.quoted && code == '`') {
      backquoted(ignored);
    } else {
      copy();
    }
  }
  forbidden_ = before;
  if (failed_) return;
  limit_ = outer;
  while (peek() != '\n' && peek() != kEnd && !failed_) {
    if (at_line_join()) {
      join_lines();
    } else {
      copy();
    }
  }
}

}  // namespace devgraph::lang::shell
