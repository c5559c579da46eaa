#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

const ast::Field* find_field(const ast::Block& block, std::string_view name) {
  for (const ast::Field& field : block.fields) {
    if (!field.spread && !field.name_expr && field.name.text == name) return &field;
  }
  return nullptr;
}

void collect_names(const ast::Expr& expr, std::vector<std::pair<std::string_view, Range>>& out) {
  if (const auto* name = std::get_if<ast::Name>(&expr.value))
    out.emplace_back(name->text, expr.range);
  for_each_child(expr, [&](const ast::Expr& child) { collect_names(child, out); });
}

/// The words of the text parts of a script, without blanks, quotes and operators.
std::vector<std::string> script_words(const ast::Script& script) {
  std::vector<std::string> words;
  for (const ast::CommandLine& line : script.lines) {
    for (const ast::Piece& piece : line.pieces) {
      std::string word;
      for (const char c : piece.text + " ") {
        if (is_name_char(c) || c == '.' || c == '/') {
          word += c;
        } else if (!word.empty()) {
          words.push_back(std::exchange(word, {}));
        }
      }
    }
  }
  return words;
}

}  // namespace

void Checker::lint(const Module& module) {
  for (const ast::Decl* decl : module.file.decls) {
    lint_decl({&module, decl});
    const auto* rule = std::get_if<ast::Rule>(&decl->value);
    if (!rule) continue;
    for (const ast::Decl* child : rule->body)
      lint_decl({&module, child});
  }
}

void Checker::lint_decl(const Symbol& symbol) {
  const CheckEnv env = env_for(symbol);
  const ast::Decl& decl = *symbol.decl;
  const ast::Word* name = declared_name(decl);
  const auto hides = [&](const char* what) {
    reported_
        .warning("W704", name->range, fmt::format("`{}` hides {}", name->text, what),
                 "means this one from here on")
        .helps.emplace_back("another name keeps both within reach");
  };
  if (name && std::holds_alternative<ast::Rule>(decl.value)) {
    Module nothing;
    if (program_.find_rule(nothing, name->text)) hides("a rule of the standard library");
  } else if (name && std::holds_alternative<ast::Fn>(decl.value)) {
    if (find_builtin(name->text)) hides("a built-in function");
  } else if (name && std::holds_alternative<ast::TypeDef>(decl.value)) {
    Module nothing;
    if (program_.find_type(nothing, name->text)) hides("a type of the standard library");
  } else if (name && (name->text == "git" || name->text == "host")) {
    hides("a built-in value");
  }
  if (std::holds_alternative<ast::Rule>(decl.value)) return;  // Its children come on their own.
  for_each_expr(decl, [&](const ast::Expr& expr) { lint_expr(expr, env); });
  if (const auto* node = std::get_if<ast::Node>(&decl.value)) lint_after(*node, env);
}

void Checker::lint_expr(const ast::Expr& expr, const CheckEnv& env) {
  if (const auto* script = std::get_if<ast::Script>(&expr.value)) lint_script(*script, env);
  if (is_builtin_call(expr, "raw", env)) {
    reported_
        .warning("W702", expr.range, "`raw` pastes text into the shell as it is",
                 "nothing is quoted here")
        .helps.emplace_back("a hole without `raw` is always one word, or a list of words");
  }
  for_each_child(expr, [&](const ast::Expr& child) { lint_expr(child, env); });
}

/// `{ x }` and `{./x}` in a script are text; somebody may have meant a hole.
void Checker::lint_script(const ast::Script& script, const CheckEnv& env) {
  for (const ast::CommandLine& line : script.lines) {
    for (const ast::Piece& piece : line.pieces) {
      const std::string_view text = source_text(piece.range);
      if (piece.hole) continue;
      for (std::size_t at = text.find('{'); at != std::string_view::npos;
           at = text.find('{', at + 1)) {
        if (at > 0 && (text[at - 1] == '\\' || text[at - 1] == '$' || text[at - 1] == '{'))
          continue;
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) break;
        const std::string_view inner = text.substr(at + 1, end - at - 1);
        const std::string_view word = trim(inner);
        const bool is_word = !word.empty() && std::ranges::all_of(word, is_name_char);
        const bool known = is_word && word.size() < inner.size() &&
                           (find(word, env) || word == "out" || word == "deps");
        const bool is_path = (word.starts_with("./") || word.starts_with("//")) &&
                             word.find(',') == std::string_view::npos;
        if (!known && !is_path) continue;
        const auto begin = piece.range.begin + static_cast<std::uint32_t>(at);
        const Range range{piece.range.source, begin,
                          begin + static_cast<std::uint32_t>(end - at + 1)};
        Diagnostic& note = reported_.warning("W701", range, "this looks like a hole and is text",
                                             "the shell sees these characters");
        if (known) note.helps.push_back(fmt::format("a hole has no blanks: {{{}}}", word));
        if (is_path)
          note.helps.push_back(fmt::format("a hole holds a name:  let f = {}  and  {{f}}", word));
        note.helps.emplace_back("if it is meant for the shell, write \\{ … \\}");
      }
    }
  }
}

/// A node that is only ordered before, though the script calls it by name: its content is not in
/// the key.
void Checker::lint_after(const ast::Node& node, const CheckEnv& env) {
  const ast::Field* after = find_field(node.block, "after");
  const ast::Field* script = find_field(node.block, "script");
  const auto* lines = script ? std::get_if<ast::Script>(&script->value->value) : nullptr;
  if (!after || !lines) return;
  std::vector<std::pair<std::string_view, Range>> names;
  collect_names(*after->value, names);
  const std::vector<std::string> words = script_words(*lines);
  for (const auto& [name, range] : names) {
    const Found found = find(name, env);
    const auto* tool = found.symbol ? std::get_if<ast::Node>(&found.symbol.decl->value) : nullptr;
    if (!tool) continue;
    const ast::Field* out = find_field(tool->block, "out");
    const std::string* made = out ? plain_text(*out->value) : nullptr;
    const bool called = std::ranges::any_of(words, [&](const std::string& word) {
      const std::string_view last = std::string_view(word).substr(word.rfind('/') + 1);
      return last == name || (made && last == std::string_view(*made).substr(made->rfind('/') + 1));
    });
    if (!called) continue;
    reported_
        .warning("W703", range,
                 fmt::format("the script uses `{}`, and it is only in `after`", name),
                 "order only: its content is not in the key")
        .helps.push_back(fmt::format(
            "write {{{}}} in the script: then a changed {} runs this node again", name, name));
  }
}

}  // namespace devgraph::lang
