#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/shell.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

const ast::Expr* let_value(const Symbol& symbol) {
  const auto* let = symbol ? std::get_if<ast::Let>(&symbol.decl->value) : nullptr;
  return let ? let->value : nullptr;
}

/// How many elements a list has, where it is written out.
std::optional<std::size_t> written_count(const ast::Expr* expr) {
  const auto* list = expr ? std::get_if<ast::List>(&expr->value) : nullptr;
  if (!list) return std::nullopt;
  const bool plain = std::ranges::all_of(list->items, [](const ast::ListItem& item) {
    const auto* path = std::get_if<ast::PathLit>(&item.value->value);
    return !item.spread && (path ? !path->has_wildcard : plain_text(*item.value) != nullptr);
  });
  return plain ? std::optional(list->items.size()) : std::nullopt;
}

std::string upper(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += std::isalnum(static_cast<unsigned char>(c)) != 0
               ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
               : '_';
  }
  return out;
}

/// The command line that ends where a hole begins, taken apart at blanks: its program and the
/// option right before the hole, for a name such as TWINE_PASSWORD.
struct Before {
  std::string program;
  std::string option;
};
Before words_before(std::string_view line) {
  Before out;
  std::vector<std::string> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty() && word != "$" && word != ">") words.emplace_back(word);
  }
  if (words.empty()) return out;
  out.program = words.front().substr(words.front().rfind('/') + 1);
  const std::string& last = words.back();
  const bool glued = !line.ends_with(' ');
  if (last.starts_with("--") && glued == last.ends_with('=')) {
    out.option = last.substr(2, last.size() - 2 - (glued ? 1 : 0));
  }
  return out;
}

}  // namespace

/// A secret as a word: visible to every process of the machine, so it goes another way.
void Checker::secret_word(const ast::Expr& expr, Range range, CheckEnv& env) {
  std::string label = "secret";
  std::string name = "TOKEN";
  if (const auto* it = std::get_if<ast::Name>(&expr.value)) {
    name = upper(it->text);
    const Found found = find(it->text, env);
    const ast::Expr* value = found.local ? nullptr : let_value(found.symbol);
    const auto* call = value ? std::get_if<ast::Call>(&value->value) : nullptr;
    if (call && !call->args.empty() && plain_text(*call->args.front().value)) {
      const Position at = sources_->position(value->range.source, value->range.begin);
      label = fmt::format("secret(\"{}\"), from line {}",
                          printable(*plain_text(*call->args.front().value)), at.line);
    }
  }
  const std::string_view line = sources_->line_at(range.source, range.begin);
  const std::string_view all = sources_->text(range.source);
  const auto start = static_cast<std::size_t>(line.data() - all.data());
  const Before words = words_before(line.substr(0, range.begin - start));
  std::string variable = name;
  if (!words.program.empty() && !words.option.empty()) {
    variable = fmt::format("{}_{}", upper(words.program), upper(words.option));
  }
  Diagnostic& fault = error("E305", range, "a secret cannot be a word of a command", label);
  fault.helps.emplace_back("arguments are visible to every process and in the log");
  fault.helps.push_back(fmt::format(
      "write  env = {{ {} = {} }}{}", variable, printable(source_text(expr.range)),
      words.option.empty() ? fmt::format("  and use \"${}\"", variable) : "  and drop the option"));
}

/// What can be a word of a command, or words if it is a list.
void Checker::check_word(const ast::Expr& expr, const TypeRef& type, Range range, CheckEnv& env) {
  if (type->kind == Kind::Optional) {
    error("E233", range, "a value that may be none is no word", brief(*type))
        .helps.push_back(fmt::format("write {{opt(\"--flag\", {})}}: none gives no words",
                                     source_text(expr.range)));
    return;
  }
  for (const TypeRef& one : alternatives(type)) {
    switch (one->kind) {
      case Kind::Any:
      case Kind::Never:
      case Kind::String:
      case Kind::Literal:
      case Kind::Int:
      case Kind::Bool:
      case Kind::Version:
      case Kind::Data:
      case Kind::Text:
      case Kind::Path:
      case Kind::File:
      case Kind::Tree:
        continue;
      case Kind::Secret:
        secret_word(expr, range, env);
        return;
      case Kind::List:
      case Kind::Family:
        check_word(expr, one->item, range, env);
        return;
      case Kind::Node:
        if (one->field("out") || one->open) continue;
        [[fallthrough]];
      default:
        not_a_word(*one, *type, source_text(expr.range), range);
        return;
    }
  }
}

/// A value that cannot be a word: `one` is what of its type cannot be.
void Checker::not_a_word(const Type& one, const Type& type, std::string_view text, Range range) {
  std::vector<std::string> names;
  names.reserve(one.fields.size());
  for (const TypeField& field : one.fields)
    names.push_back(fmt::format("{{{}.{}}}", text, field.name));
  if (one.kind == Kind::Node) {
    Diagnostic& fault = error(
        "E233", range, fmt::format("`{}` has no single output", printable(text)), brief(type));
    fault.helps.push_back(names.empty()
                              ? "a node without outputs can stand in `after` or `deps`"
                              : fmt::format("name one of its outputs: {}", fmt::join(names, ", ")));
  } else if (one.kind == Kind::Record && text == "out") {
    error("E232", range, "this node has several outputs", brief(one))
        .helps.push_back(fmt::format("write {}", fmt::join(names, " or ")));
  } else if (one.kind == Kind::Record || one.kind == Kind::Map) {
    const char* what = one.kind == Kind::Map ? "map" : "record";
    Diagnostic& fault = error("E232", range, fmt::format("a {} is no word", what), brief(type));
    fault.helps.push_back(fmt::format("write {{opts({})}} for  --key value", text));
    fault.helps.push_back(fmt::format("or {{each(\"--flag\", {})}} for  --flag key=value", text));
  } else {
    Diagnostic& fault =
        error("E233", range, fmt::format("{} is no word of a command", a_type(one)), brief(type));
    if (one.kind == Kind::None)
      fault.helps.emplace_back("write {opt(\"--flag\", x)}: none gives no words");
  }
}

void Checker::check_script(const ast::Script& script, CheckEnv& env) {
  Restore restore(env);
  env.words = true;
  env.script = true;
  if (!sources_) return;
  const CompiledScript compiled = compile_script(script, *sources_, *found_);
  for (const ScriptHole& hole : compiled.holes) {
    if (!hole.expr) continue;
    const std::size_t before = found_->error_count();
    // A name that is a whole hole is reported with its braces.
    const auto* name = std::get_if<ast::Name>(&hole.expr->value);
    TypeRef type;
    if (name && !find(name->text, env)) {
      const Range inner = hole.expr->range;
      unknown_name(name->text, {inner.source, inner.begin - 1, inner.end + 1}, env);
      continue;
    }
    type = infer(*hole.expr, env);
    if (found_->error_count() != before) continue;
    const Range braces{hole.expr->range.source, hole.expr->range.begin - 1,
                       hole.expr->range.end + 1};
    check_word(*hole.expr, type, braces, env);
    const bool is_list = type->kind == Kind::List || type->kind == Kind::Family;
    if (!is_list || hole.context == HoleContext::Word || found_->error_count() != before) continue;

    list_for_word(hole, *type, braces, env);
  }
}

/// A list where there is room for one word.
void Checker::list_for_word(const ScriptHole& hole, const Type& type, Range braces,
                            const CheckEnv& env) {
  const auto* name = std::get_if<ast::Name>(&hole.expr->value);
  const std::string text(source_text(hole.expr->range));
  const Found found = name ? find(name->text, env) : Found();
  const std::optional<std::size_t> count =
      written_count(found.local ? nullptr : let_value(found.symbol));
  const std::string label =
      fmt::format("{}{}", brief(type),
                  count ? fmt::format(", {} element{} here", *count, *count == 1 ? "" : "s") : "");
  if (hole.context == HoleContext::Quoted) {
    Diagnostic& fault = error("E207", braces, "a list cannot stand inside of quotes", label);
    fault.helps.push_back(fmt::format(
        "one word: write {{join(\" \", {})}}; a word for each: take it out of the quotes", text));
    return;
  }
  Diagnostic& fault = error("E207", hole.range, "a list cannot be glued to text", label);
  const std::string_view word = source_text(hole.range);
  const std::size_t at = braces.begin - hole.range.begin;
  const std::string head(word.substr(0, std::min(at, word.size())));
  const std::string tail(at + (braces.end - braces.begin) <= word.size()
                             ? word.substr(at + (braces.end - braces.begin))
                             : "");
  const bool is_plain = (head + tail).find_first_of("{}\"'$`\\<>") == std::string::npos;
  if (is_plain && !head.empty() && tail.empty()) {
    fault.helps.push_back(
        fmt::format("each element becomes its own word; write {{prefix(\"{}\", {})}}", head, text));
  } else if (is_plain && head.empty() && !tail.empty()) {
    fault.helps.push_back(
        fmt::format("each element becomes its own word; write {{suffix({}, \"{}\")}}", text, tail));
  } else {
    fault.helps.push_back(fmt::format("one word: write {{join(\",\", {})}}", text));
  }
}

/// `argv = [tool("cc"), "-o", out, …]`: words, no shell.
void Checker::check_argv(const ast::Expr& value, CheckEnv& env) {
  Restore restore(env);
  env.words = true;
  const auto* list = std::get_if<ast::List>(&value.value);
  const auto one = [&](const ast::Expr& expr) {
    const std::size_t before = found_->error_count();
    const TypeRef type = infer(expr, env);
    if (found_->error_count() == before) check_word(expr, type, expr.range, env);
  };
  if (!list) {
    const std::size_t before = found_->error_count();
    const TypeRef type = infer(value, env);
    const bool is_list = type->kind == Kind::List || type->kind == Kind::Any ||
                         type->kind == Kind::Data || type->kind == Kind::None ||
                         type->kind == Kind::Optional;
    if (!is_list) {
      error("E102", value.range,
            fmt::format("a list of words is needed here, this is {}", a_type(*type)), brief(*type))
          .helps.emplace_back("write  argv = [tool(\"cc\"), \"-c\", f]");
    } else if (found_->error_count() == before && type->kind == Kind::List) {
      check_word(value, type, value.range, env);
    }
    return;
  }
  for (const ast::ListItem& item : list->items)
    one(*item.value);
}

}  // namespace devgraph::lang
