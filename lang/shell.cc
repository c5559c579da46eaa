#include "lang/shell.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "lang/shell_compiler.h"

namespace devgraph::lang {

namespace shell {

bool is_raw_call(const ast::Expr& expr) {
  const auto* call = std::get_if<ast::Call>(&expr.value);
  if (call == nullptr || call->callee == nullptr) return false;
  const auto* name = std::get_if<ast::Name>(&call->callee->value);
  return name != nullptr && name->text == "raw";
}

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (!letter && !digit) return false;
  }
  return true;
}

bool is_blank(int code) {
  return code == ' ' || code == '\t';
}

bool is_meta(int code) {
  switch (code) {
    case kEnd:
    case '\n':
    case ' ':
    case '\t':
    case '|':
    case '&':
    case ';':
    case '(':
    case ')':
    case '<':
    case '>':
      return true;
    default:
      return false;
  }
}

std::vector<Unit> units_of(const ast::Script& script, const Sources& sources) {
  std::vector<Unit> units;
  for (std::uint32_t line = 0; line < script.lines.size(); ++line) {
    const ast::CommandLine& command = script.lines[line];
    if (line > 0) {
      units.push_back(Unit{'\n', command.range.begin, command.range.end, nullptr, line});
    }
    for (const ast::Piece& piece : command.pieces) {
      if (piece.hole != nullptr) {
        units.push_back(Unit{kHole, piece.range.begin, piece.range.end, piece.hole, line});
        continue;
      }
      // `\{` in the manifest is `{` here: walk both texts to keep the offsets true.
      const std::string_view written = sources.text(piece.range.source);
      std::uint32_t offset = piece.range.begin;
      for (const char c : piece.text) {
        const bool escaped = (c == '{' || c == '}') && offset + 1 < piece.range.end &&
                             written[offset] == '\\' && written[offset + 1] == c;
        const std::uint32_t end = offset + (escaped ? 2U : 1U);
        units.push_back(Unit{static_cast<unsigned char>(c), offset, end, nullptr, line});
        offset = end;
      }
    }
  }
  return units;
}

Compiler::Compiler(const ast::Script& script, const Sources& sources, Diagnostics& found)
    : script_(script), sources_(sources), found_(found), units_(units_of(script, sources)) {
  limit_ = units_.size();
  if (!script.lines.empty()) source_ = script.lines.front().range.source;
}

CompiledScript Compiler::run() {
  for (const ast::CommandLine& line : script_.lines) {
    std::string_view text = sources_.text(line.range.source)
                                .substr(line.range.begin, line.range.end - line.range.begin);
    text.remove_prefix(text.size() > 1 ? 2 : text.size());
    out_.lines.push_back(CompiledLine{std::string(text), line.range});
  }
  if (script_.lines.empty()) return std::move(out_);
  for (const Unit& unit : units_) {
    if (unit.code != 1 && unit.code != 0) continue;
    stop("E219", range(unit.begin, unit.end), "a script cannot hold this control byte",
         fmt::format("byte {:#04x}", unit.code), "write it with an escape: `$'\\x01'`");
    return std::move(out_);
  }
  out_.body = "dg_at 0\n";
  List list;
  commands(list);
  out_.body += '\n';
  if (integer_ && !failed_) {
    for (const std::uint32_t hole : assigned_) {
      refuse(hole,
             {"E211", "a hole cannot be assigned in a script that declares integers or references",
              "bash would evaluate the value", "leave out `-i` and `-n`"});
    }
  }
  if (!found_.has_errors()) out_.simple = simple_command(units_, out_);
  return std::move(out_);
}

int Compiler::peek(std::size_t ahead) const {
  return position_ + ahead < limit_ ? units_[position_ + ahead].code : kEnd;
}

std::uint32_t Compiler::offset() const {
  if (position_ < units_.size()) return units_[position_].begin;
  return script_.lines.back().range.end;
}

bool Compiler::at(std::string_view text) const {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (peek(i) != static_cast<unsigned char>(text[i])) return false;
  }
  return true;
}

/// Copies bytes; holes and line ends have their own functions.
void Compiler::copy(std::size_t count) {
  for (; count > 0 && peek() >= 0; --count) {
    assert(peek() != '\n');
    out_.body += static_cast<char>(units_[position_++].code);
  }
}

bool Compiler::at_line_join() const {
  return peek() == '\\' && peek(1) == '\n';
}

void Compiler::join_lines() {
  copy();
  line_break(false);
}

bool Compiler::next_line_is_blank() const {
  for (std::size_t ahead = 1;; ++ahead) {
    const int code = peek(ahead);
    if (code == kEnd || code == '\n' || code == '#') return true;
    if (!is_blank(code)) return false;
  }
}

/// Goes to the next line. `complete`: bash could start a new command there.
void Compiler::line_break(bool complete) {
  if (peek() != '\n') return;
  const std::uint32_t line = units_[position_].line;
  const ast::CommandLine& next = script_.lines[line];
  const Range mark = range(next.range.begin, next.range.begin + 1);
  if (!complete && !next.continues) {
    stop("E214", mark, "the command above is not finished", "starts a new command",
         "write `>` at the start of a line that continues the command above");
    return;
  }
  if (complete && next.continues && !next_line_is_blank()) {
    stop("E215", mark, "there is no command to continue here", "the command above is finished",
         "write `$` at the start of a line that starts a command");
    return;
  }
  out_.body += '\n';
  if (!next.continues) out_.body += fmt::format("dg_at {}\n", line);
  ++position_;
}

/// A hole in a comment is not compiled: nothing of it reaches the shell.
void Compiler::comment() {
  while (peek() != '\n' && peek() != kEnd) {
    if (peek() == kHole) {
      out_.body += "{}";
      ++position_;
    } else {
      copy();
    }
  }
}

void Compiler::hole(HoleContext context, Quote quote, Word* word) {
  const Unit& unit = units_[position_++];
  const auto index = static_cast<std::uint32_t>(out_.holes.size());
  out_.holes.push_back(ScriptHole{unit.hole, context, range(unit.begin, unit.end)});
  if (word != nullptr) {
    word->literal = false;
    word->quoted = true;
  }
  if (is_raw_call(*unit.hole)) {
    out_.holes.back().context = HoleContext::Glued;
    out_.uses_raw = true;
    out_.body += fmt::format("\x01{}\x01", index);
    return;
  }
  if (word != nullptr) word->holes.push_back(index);
  if (forbidden_ != nullptr) refuse(index, *forbidden_);
  const std::string value =
      fmt::format("${{dg{}{}}}", index + 1, context == HoleContext::Word ? "[@]" : "");
  switch (quote) {
    case Quote::None:
      out_.body += '"' + value + '"';
      break;
    case Quote::Single:
      out_.body += "'\"" + value + "\"'";
      break;
    case Quote::Ansi:
      out_.body += "'\"" + value + "\"$'";
      break;
    case Quote::Double:
      out_.body += value;
      break;
  }
}

Diagnostic* Compiler::fault(std::string code, Range where, std::string message, std::string label) {
  if (failed_) return nullptr;
  return &found_.error(std::move(code), where, std::move(message), std::move(label));
}

/// Reports and gives up: what follows could only be guessed.
void Compiler::stop(std::string code, Range where, std::string message, std::string label,
                    std::string cure) {
  Diagnostic* made = fault(std::move(code), where, std::move(message), std::move(label));
  if (made != nullptr && !cure.empty()) made->helps.push_back(std::move(cure));
  failed_ = true;
  position_ = limit_ = units_.size();
}

void Compiler::unfinished(const std::string& what, std::uint32_t begin, std::uint32_t end,
                          const std::string& closer) {
  stop("E218", range(begin, end), fmt::format("{} is not finished", what), "starts here",
       fmt::format("{}; a line that continues the command starts with `>`", closer));
}

void Compiler::refuse(std::uint32_t hole, const Forbidden& why) {
  Diagnostic* made = fault(why.code, out_.holes[hole].range, why.message, why.label);
  if (made == nullptr || why.cure.empty()) return;
  std::string cure = why.cure;
  const std::string text = written(hole);
  for (std::size_t found = cure.find("{}"); found != std::string::npos;
       found = cure.find("{}", found + text.size())) {
    cure.replace(found, 2, text);
  }
  made->helps.push_back(std::move(cure));
}

Range Compiler::range(std::uint32_t begin, std::uint32_t end) const {
  return Range{source_, begin, end};
}

/// The hole as it stands in the manifest, with its braces.
std::string Compiler::written(std::uint32_t hole) const {
  const Range& expr = out_.holes[hole].expr->range;
  return fmt::format("{{{}}}", sources_.text(source_).substr(expr.begin, expr.end - expr.begin));
}

}  // namespace shell

CompiledScript compile_script(const ast::Script& script, const Sources& sources,
                              Diagnostics& found) {
  Diagnostics own;
  CompiledScript compiled = shell::Compiler(script, sources, own).run();
  found.take(std::move(own));
  return compiled;
}

}  // namespace devgraph::lang
