/// Printer: values on several lines.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

namespace {

bool is_simple(const Expr& expr) {
  if (in_parens(expr)) return false;
  return std::holds_alternative<Name>(expr.value) || std::holds_alternative<IntLit>(expr.value) ||
         std::holds_alternative<BoolLit>(expr.value) ||
         std::holds_alternative<StringLit>(expr.value) ||
         std::holds_alternative<PathLit>(expr.value);
}

}  // namespace

bool in_parens(const Expr& expr) {
  return expr.parens.end > expr.parens.begin;
}

bool is_script(const Expr& expr) {
  return std::holds_alternative<Script>(expr.value) && !in_parens(expr);
}

bool opens_brackets(const Expr& expr) {
  if (const auto* member = std::get_if<Member>(&expr.value)) return opens_brackets(*member->base);
  return in_parens(expr) || std::holds_alternative<List>(expr.value) ||
         std::holds_alternative<Record>(expr.value) ||
         std::holds_alternative<NodeLit>(expr.value) || std::holds_alternative<Match>(expr.value) ||
         std::holds_alternative<Call>(expr.value) || std::holds_alternative<Index>(expr.value);
}

bool ends_in_script(const Expr& expr) {
  if (in_parens(expr)) return false;
  if (std::holds_alternative<Script>(expr.value)) return true;
  if (const auto* binary = std::get_if<Binary>(&expr.value)) return ends_in_script(*binary->right);
  if (const auto* value = std::get_if<If>(&expr.value)) return ends_in_script(*value->otherwise);
  return false;
}

// --- values ------------------------------------------------------------------------------

Lines Printer::verbatim_lines(const Range& range) const {
  Lines out;
  std::string_view rest = view(range);
  while (true) {
    const std::size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    if (newline != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    out.emplace_back(line);
    if (newline == std::string_view::npos) return out;
    rest.remove_prefix(newline + 1);
  }
}

Lines Printer::value(const Expr& expr, int indent, int column, int tail) {
  const Flat text = flat(expr);
  if (text && column + columns(*text) + tail <= kWidth) return {*text};
  if (!in_parens(expr)) return broken(expr, indent, column);
  Lines out{"("};
  if (std::holds_alternative<Script>(expr.value)) {
    for (std::string& line : script(expr, indent + kIndent))
      out.push_back(std::move(line));
    out[1].insert(0, spaces(indent + kIndent));
  } else {
    join(out, broken(expr, indent, column + 1));
  }
  Expr bare = expr;
  bare.parens = {};
  if (lang::ends_in_script(bare)) {
    out.push_back(spaces(indent) + ")");
  } else {
    out.back() += ")";
  }
  return out;
}

Lines Printer::broken(const Expr& expr, int indent, int column) {
  if (const auto* list = std::get_if<List>(&expr.value)) return broken_list(expr, *list, indent);
  if (const auto* record = std::get_if<Record>(&expr.value)) {
    if (record->fields.empty() && !has_comment(expr.range)) return {"{}"};
    return group("{", field_items(record->fields), expr.range, "}", indent);
  }
  if (const auto* comp = std::get_if<ListComp>(&expr.value)) {
    return broken_comp(comp->clauses, nullptr, *comp->value, "[]", indent);
  }
  if (const auto* comp = std::get_if<MapComp>(&expr.value)) {
    return broken_comp(comp->clauses, comp->key, *comp->value, "{}", indent);
  }
  const auto applied = [&](const Expr& base, const std::vector<Arg>& args, const char* brackets) {
    Lines out = value(base, indent, column);
    const Range around{file_.source, base.whole().end, expr.range.end};
    const int at = out.size() == 1 ? column + columns(out[0]) : columns(out.back());
    join(out, broken_args(args, brackets, around, indent, at));
    return out;
  };
  if (const auto* call = std::get_if<Call>(&expr.value)) {
    return applied(*call->callee, call->args, "()");
  }
  if (const auto* index = std::get_if<Index>(&expr.value)) {
    return applied(*index->base, index->args, "[]");
  }
  if (const auto* member = std::get_if<Member>(&expr.value)) {
    Lines out = value(*member->base, indent, column);
    out.back() += (member->optional ? "?." : ".") + std::string(member->name.text);
    return out;
  }
  if (const auto* choice = std::get_if<If>(&expr.value)) return broken_if(*choice, indent, column);
  if (const auto* match = std::get_if<Match>(&expr.value)) {
    return broken_match(expr, *match, indent, column);
  }
  if (const auto* binary = std::get_if<Binary>(&expr.value)) {
    return broken_binary(*binary, indent, column);
  }
  if (const auto* no = std::get_if<Not>(&expr.value)) {
    Lines out{"not "};
    join(out, value(*no->value, indent, column + 4));
    return out;
  }
  if (const auto* cast = std::get_if<Cast>(&expr.value)) {
    Lines out = value(*cast->value, indent, column);
    out.back() += " as ";
    join(out, type_lines(*cast->type, indent, columns(out.back())));
    return out;
  }
  if (const auto* node = std::get_if<NodeLit>(&expr.value)) {
    const std::string module = node->rule.module ? std::string(node->rule.module->text) + "." : "";
    Lines out{fmt::format("{}{} ", module, node->rule.name.text)};
    join(out, block(node->block, indent));
    return out;
  }
  if (std::holds_alternative<Script>(expr.value)) return script(expr, indent);
  return verbatim_lines(expr.range);
}

// --- brackets ----------------------------------------------------------------------------

std::optional<Lines> Printer::filled_list(const Expr& expr, const List& list, int indent) const {
  constexpr int kShort = 24;
  if (has_comment(expr.range)) return std::nullopt;
  bool shares_line = false;
  std::uint32_t last_end = 0;
  std::vector<std::string> items;
  for (const ListItem& item : list.items) {
    const Flat text = flat(*item.value);
    if (item.spread || !is_simple(*item.value) || !text || columns(*text) > kShort) {
      return std::nullopt;
    }
    const std::string_view gap = text_.substr(last_end, item.range.begin - last_end);
    shares_line = shares_line || (!items.empty() && gap.find('\n') == std::string_view::npos);
    last_end = item.range.end;
    items.push_back(*text);
  }
  if (!shares_line) return std::nullopt;  // Its author wrote one a line.
  Lines out{"["};
  std::string line;
  for (const std::string& item : items) {
    if (!line.empty() && columns(line) + 2 + columns(item) > kWidth) {
      out.push_back(std::exchange(line, {}));
    }
    line += line.empty() ? spaces(indent + kIndent) + item : ", " + item;
  }
  out.push_back(std::move(line));
  out.push_back(spaces(indent) + "]");
  return out;
}

Lines Printer::broken_list(const Expr& expr, const List& list, int indent) {
  if (list.items.empty() && !has_comment(expr.range)) return {"[]"};
  if (std::optional<Lines> filled = filled_list(expr, list, indent)) return *std::move(filled);
  std::vector<Item> items;
  items.reserve(list.items.size());
  for (const ListItem& item : list.items) {
    items.push_back({item.range.begin, item.range.end, 0,
                     [this, &item](int at) {
                       Lines lines{item.spread ? "..." : ""};
                       join(lines, value(*item.value, at, at + (item.spread ? 3 : 0)));
                       Row row = row_of(std::move(lines));
                       row.ends_in_script = lang::ends_in_script(*item.value);
                       return row;
                     },
                     [this, &item](std::vector<Range>& out) { claims_of(*item.value, out); }});
  }
  return group("[", items, expr.range, "]", indent);
}

Row Printer::arg_row(const Arg& arg, int indent) {
  std::string head = arg.spread ? "..." : arg.name ? std::string(arg.name->text) + " " : "";
  Row row;
  if (arg.name && !arg.in) {
    Lines lines{head};
    join(lines, assigned(*arg.value, indent, indent + columns(head)));
    row = row_of(std::move(lines));
  } else {
    if (arg.in) head += "in ";
    Lines lines{head};
    join(lines, value(*arg.value, indent, indent + columns(head)));
    row = row_of(std::move(lines));
  }
  row.ends_in_script = lang::ends_in_script(*arg.value);
  return row;
}

Lines Printer::broken_args(const std::vector<Arg>& args, std::string_view brackets,
                           const Range& around, int indent, int column) {
  const std::string open(brackets.substr(0, 1));
  const std::string close(brackets.substr(1, 1));
  if (args.empty() && !has_comment(around)) return {open + close};
  if (args.size() == 1 && !args[0].spread && !args[0].name && !is_broken(around)) {
    const Expr& only = *args[0].value;
    std::vector<Range> claimed;
    claims_of(only, claimed);
    if (opens_brackets(only) && !has_own_comment(around, claimed)) {
      Lines out{open};
      join(out, value(only, indent, column + 1, 1));
      out.back() += close;
      return out;
    }
  }
  std::vector<Item> items;
  items.reserve(args.size());
  for (const Arg& arg : args) {
    items.push_back({arg.range.begin, arg.range.end, 0,
                     [this, &arg](int at) { return arg_row(arg, at); },
                     [this, &arg](std::vector<Range>& out) { claims_of(*arg.value, out); }});
  }
  return group(open, items, around, close, indent);
}

}  // namespace devgraph::lang
