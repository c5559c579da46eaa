/// Finds the scripts that need no shell: one command of words, holes and redirections.

#include <algorithm>
#include <array>

#include "lang/shell_compiler.h"

namespace devgraph::lang::shell {

namespace {

// What bash would do itself; `true` and `:` do the same as the program `true`.
constexpr std::array<std::string_view, 75> kBuiltins = {
    ".",       "[",       "[[",     "alias",   "bg",       "bind",     "break",     "builtin",
    "caller",  "case",    "cd",     "command", "compgen",  "complete", "compopt",   "continue",
    "coproc",  "declare", "dirs",   "disown",  "do",       "done",     "echo",      "elif",
    "else",    "enable",  "esac",   "eval",    "exec",     "exit",     "export",    "false",
    "fc",      "fg",      "fi",     "for",     "function", "getopts",  "hash",      "help",
    "history", "if",      "in",     "jobs",    "kill",     "let",      "local",     "logout",
    "mapfile", "popd",    "printf", "pushd",   "pwd",      "read",     "readarray", "readonly",
    "return",  "select",  "set",    "shift",   "shopt",    "source",   "suspend",   "test",
    "then",    "time",    "times",  "trap",    "type",     "typeset",  "ulimit",    "umask",
    "unalias", "unset",   "wait"};
constexpr std::array<std::string_view, 3> kMoreReserved = {"until", "while", "!"};

class Reader {
 public:
  Reader(const std::vector<Unit>& units, const CompiledScript& script)
      : units_(units), script_(script) {}

  std::optional<SimpleCommand> read() {
    SimpleCommand made;
    while (true) {
      skip_blanks();
      const int code = peek();
      if (code == kEnd || code == '#') break;
      if (code == '\n') return std::nullopt;
      if (code == '<' || code == '>' || ((code >= '0' && code <= '2') && is_redirect(peek(1)))) {
        if (!redirect(made)) return std::nullopt;
        continue;
      }
      SimpleCommand::Word word;
      if (is_meta(code) || !read_word(word, made.words.empty())) return std::nullopt;
      // A descriptor of more than one digit.
      if (is_redirect(peek()) && word.size() == 1 && !word[0].hole &&
          word[0].text.find_first_not_of("0123456789") == std::string::npos) {
        return std::nullopt;
      }
      made.words.push_back(std::move(word));
    }
    for (; position_ < units_.size(); ++position_) {  // A comment at the end.
      if (peek() == '\n') return std::nullopt;
    }
    if (!is_program(made)) return std::nullopt;
    return made;
  }

 private:
  int peek(std::size_t ahead = 0) const {
    return position_ + ahead < units_.size() ? units_[position_ + ahead].code : kEnd;
  }
  static bool is_redirect(int code) { return code == '<' || code == '>'; }

  void skip_blanks() {
    while (true) {
      if (is_blank(peek())) {
        ++position_;
      } else if (peek() == '\\' && peek(1) == '\n') {
        position_ += 2;
      } else {
        return;
      }
    }
  }

  bool redirect(SimpleCommand& made) {
    SimpleCommand::Redirect found;
    std::optional<int> fd;
    if (!is_redirect(peek())) fd = units_[position_++].code - '0';
    const bool input = peek() == '<';
    ++position_;
    if (peek() == '>' && !input) {
      found.append = true;
      ++position_;
    }
    found.fd = fd.value_or(input ? 0 : 1);
    if (input != (found.fd == 0)) return false;
    skip_blanks();
    if (is_meta(peek()) || peek() == '#' || !read_word(found.target, false)) return false;
    made.redirects.push_back(std::move(found));
    return true;
  }

  /// False where bash would do more than take quotes away.
  bool read_word(SimpleCommand::Word& word, bool first) {
    std::string text;
    bool any = false;
    const auto flush = [&] {
      if (!text.empty()) word.push_back({std::move(text), std::nullopt});
      text.clear();
    };
    int quote = 0;
    while (quote != 0 || !is_meta(peek())) {
      const int code = peek();
      if (code == kEnd || code == '\n') return false;
      const bool expands = quote != '\'' && (code == '$' || code == '`');
      any = true;
      ++position_;
      if (code == kHole) {
        flush();
        word.push_back({"", next_hole_++});
      } else if (quote == 0 && (code == '\'' || code == '"')) {
        quote = code;
      } else if (code == quote) {
        quote = 0;
      } else if (expands || (quote == 0 && is_special(code, first))) {
        return false;
      } else if (quote != '\'' && code == '\\') {
        if (!escape(quote, text)) return false;
      } else {
        text += static_cast<char>(code);
      }
    }
    flush();
    if (any && word.empty()) word.push_back({"", std::nullopt});
    return any;
  }

  bool escape(int quote, std::string& text) {
    const int next = peek();
    if (next < 0) return false;
    ++position_;
    if (next == '\n') return true;
    const bool kept = quote == '"' && next != '$' && next != '`' && next != '"' && next != '\\';
    if (kept) text += '\\';
    text += static_cast<char>(next);
    return true;
  }

  static bool is_special(int code, bool first) {
    constexpr std::string_view kSpecial = "*?[]~{}!^";
    return kSpecial.find(static_cast<char>(code)) != std::string_view::npos ||
           (first && code == '=');
  }

  /// The first word must be a name that bash does not know itself, or a hole.
  bool is_program(const SimpleCommand& made) const {
    if (made.words.empty() || next_hole_ != script_.holes.size() || script_.uses_raw) return false;
    const SimpleCommand::Word& name = made.words.front();
    if (name.size() != 1) return false;
    const SimpleCommand::Part& part = name.front();
    if (part.hole) return script_.holes[*part.hole].context == HoleContext::Word;
    if (part.text.empty()) return false;
    const auto is_name = [&](std::string_view known) { return known == part.text; };
    return std::none_of(kBuiltins.begin(), kBuiltins.end(), is_name) &&
           std::none_of(kMoreReserved.begin(), kMoreReserved.end(), is_name);
  }

  const std::vector<Unit>& units_;
  const CompiledScript& script_;
  std::size_t position_ = 0;
  std::uint32_t next_hole_ = 0;
};

}  // namespace

std::optional<SimpleCommand> simple_command(const std::vector<Unit>& units,
                                            const CompiledScript& script) {
  return Reader(units, script).read();
}

}  // namespace devgraph::lang::shell
