/// Printer: values on several lines.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

namespace {

bool in_parens(const Expr& expr) {
  return expr.parens.end > expr.parens.begin;
}

bool is_script(const Expr& expr) {
  return std::holds_alternative<Script>(expr.value) && !in_parens(expr);
}

/// Brackets that can open at the end of a line and close at the start of one.
bool opens_brackets(const Expr& expr) {
  if (const auto* member = std::get_if<Member>(&expr.value)) return opens_brackets(*member->base);
  return in_parens(expr) || std::holds_alternative<List>(expr.value) ||
         std::holds_alternative<Record>(expr.value) ||
         std::holds_alternative<NodeLit>(expr.value) || std::holds_alternative<Match>(expr.value) ||
         std::holds_alternative<Call>(expr.value) || std::holds_alternative<Index>(expr.value);
}

bool is_simple(const Expr& expr) {
  if (in_parens(expr)) return false;
  return std::holds_alternative<Name>(expr.value) || std::holds_alternative<IntLit>(expr.value) ||
         std::holds_alternative<BoolLit>(expr.value) ||
         std::holds_alternative<StringLit>(expr.value) ||
         std::holds_alternative<PathLit>(expr.value);
}

int precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::Coalesce:
      return 1;
    case BinaryOp::Or:
      return 2;
    case BinaryOp::And:
      return 3;
    case BinaryOp::Add:
    case BinaryOp::Sub:
      return 6;
    case BinaryOp::Join:
      return 7;
    default:
      return 5;
  }
}

}  // namespace

bool ends_in_script(const Expr& expr) {
  if (in_parens(expr)) return false;
  if (std::holds_alternative<Script>(expr.value)) return true;
  if (const auto* binary = std::get_if<Binary>(&expr.value)) return ends_in_script(*binary->right);
  if (const auto* value = std::get_if<If>(&expr.value)) return ends_in_script(*value->otherwise);
  return false;
}

// --- which comments a value prints itself ------------------------------------------------

void Printer::claims_of(const ast::Type& type, std::vector<Range>& out) const {
  if (type.kind == TypeKind::Record) out.push_back(type.range);
  for (const ast::Type* item : type.items)
    claims_of(*item, out);
}

void Printer::claims_of(const Expr& expr, std::vector<Range>& out) const {
  const auto all = [&](std::initializer_list<const Expr*> parts) {
    for (const Expr* part : parts) {
      if (part != nullptr) claims_of(*part, out);
    }
  };
  const auto clauses = [&](const std::vector<Clause>& list) {
    for (const Clause& clause : list)
      all({clause.in, clause.condition});
  };
  if (const auto* call = std::get_if<Call>(&expr.value)) {
    all({call->callee});
    out.push_back({file_.source, call->callee->whole().end, expr.range.end});
  } else if (const auto* index = std::get_if<Index>(&expr.value)) {
    all({index->base});
    out.push_back({file_.source, index->base->whole().end, expr.range.end});
  } else if (const auto* match = std::get_if<Match>(&expr.value)) {
    all({match->subject});
    const std::size_t open = text_.find('{', match->subject->whole().end);
    out.push_back({file_.source, static_cast<std::uint32_t>(open), expr.range.end});
  } else if (const auto* node = std::get_if<NodeLit>(&expr.value)) {
    out.push_back(node->block.range);
  } else if (const auto* member = std::get_if<Member>(&expr.value)) {
    all({member->base});
  } else if (const auto* value = std::get_if<If>(&expr.value)) {
    all({value->condition, value->then, value->otherwise});
  } else if (const auto* binary = std::get_if<Binary>(&expr.value)) {
    all({binary->left, binary->right});
  } else if (const auto* no = std::get_if<Not>(&expr.value)) {
    all({no->value});
  } else if (const auto* cast = std::get_if<Cast>(&expr.value)) {
    all({cast->value});
    claims_of(*cast->type, out);
  } else if (const auto* list = std::get_if<ListComp>(&expr.value)) {
    clauses(list->clauses);
    all({list->value});
  } else if (const auto* map = std::get_if<MapComp>(&expr.value)) {
    clauses(map->clauses);
    all({map->key, map->value});
  } else {
    out.push_back(expr.range);  // Lists, records, scripts; texts with their holes.
  }
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
  for (const Arg& arg : args) {
    items.push_back({arg.range.begin, arg.range.end, 0,
                     [this, &arg](int at) { return arg_row(arg, at); },
                     [this, &arg](std::vector<Range>& out) { claims_of(*arg.value, out); }});
  }
  return group(open, items, around, close, indent);
}

Lines Printer::broken_comp(const std::vector<Clause>& clauses, const Expr* key, const Expr& result,
                           std::string_view brackets, int indent) {
  const int inner = indent + kIndent;
  const std::string margin = spaces(inner);
  Lines out{std::string(brackets.substr(0, 1))};
  for (const Clause& clause : clauses) {
    Lines line{margin + "for " + std::string(clause.first.text)};
    if (clause.second) line.back() += ", " + std::string(clause.second->text);
    line.back() += " in ";
    join(line, value(*clause.in, inner, columns(line.back())));
    if (clause.condition != nullptr) {
      line.back() += " if ";
      join(line, value(*clause.condition, inner, columns(line.back())));
    }
    out.insert(out.end(), line.begin(), line.end());
  }
  out.back() += ":";
  Lines line{margin};
  if (key != nullptr) {
    join(line, value(*key, inner, inner));
    line.back() += " ";
    join(line, assigned(result, inner, columns(line.back())));
  } else {
    join(line, value(result, inner, inner));
  }
  out.insert(out.end(), line.begin(), line.end());
  out.push_back(spaces(indent) + std::string(brackets.substr(1, 1)));
  return out;
}

// --- if, match, operators ----------------------------------------------------------------

Lines Printer::broken_if(const If& choice, int indent, int column) {
  const int inner = indent + kIndent;
  Lines out{"if "};
  join(out, value(*choice.condition, indent, column + 3));
  const auto branch = [&](const char* word, const Expr& result) {
    Lines lines{spaces(inner) + word};
    if (is_script(result)) {
      Lines commands = script(result, inner + kIndent);
      commands[0].insert(0, spaces(inner + kIndent));
      lines.insert(lines.end(), commands.begin(), commands.end());
    } else {
      lines.back() += " ";
      join(lines, value(result, inner, columns(lines.back())));
    }
    out.insert(out.end(), lines.begin(), lines.end());
  };
  branch("then", *choice.then);
  branch("else", *choice.otherwise);
  return out;
}

Lines Printer::broken_match(const Expr& expr, const Match& match, int indent, int column) {
  Lines out{"match "};
  join(out, value(*match.subject, indent, column + 6));
  out.back() += " ";
  const auto open = static_cast<std::uint32_t>(text_.find('{', match.subject->whole().end));
  std::vector<Item> items;
  for (const MatchArm& arm : match.arms) {
    items.push_back(
        {arm.patterns.front()->range.begin, arm.value->whole().end, 0,
         [this, &arm](int at) {
           Row row;
           row.kind = RowKind::Field;
           row.cells.emplace_back();
           for (const Expr* pattern : arm.patterns) {
             if (!row.cells[0].empty()) row.cells[0] += " | ";
             row.cells[0] += view(pattern->range);
           }
           Lines lines = assigned(*arm.value, at, at + columns(row.cells[0]) + 2);
           lines[0] = "=>" + lines[0].substr(1);
           row.cells.push_back(std::move(lines[0]));
           row.rest.assign(lines.begin() + 1, lines.end());
           row.ends_in_script = lang::ends_in_script(*arm.value);
           return row;
         },
         [this, &arm](std::vector<Range>& claimed) { claims_of(*arm.value, claimed); }});
  }
  const Range around{file_.source, open, expr.range.end};
  join(out, items.empty() && !has_comment(around) ? Lines{"{}"}
                                                  : group("{", items, around, "}", indent));
  return out;
}

Lines Printer::broken_binary(const Binary& binary, int indent, int column) {
  // The operands of one precedence, left to right.
  std::vector<const Expr*> operands{binary.right};
  std::vector<BinaryOp> ops{binary.op};
  const Expr* left = binary.left;
  while (!in_parens(*left)) {
    const auto* inner = std::get_if<Binary>(&left->value);
    if (inner == nullptr || precedence(inner->op) != precedence(binary.op)) break;
    operands.push_back(inner->right);
    ops.push_back(inner->op);
    left = inner->left;
  }
  operands.push_back(left);
  std::ranges::reverse(operands);
  std::ranges::reverse(ops);

  const Flat before = flat(*binary.left);
  if (before && opens_brackets(*binary.right) && !is_script(*binary.right)) {
    const std::string head = fmt::format("{} {} ", *before, sign_of(binary.op));
    if (column + columns(head) + 1 <= kWidth) {
      Lines out{head};
      join(out, value(*binary.right, indent, column + columns(head)));
      return out;
    }
  }
  const int inner = indent + kIndent;
  Lines out = value(*operands[0], indent, column);
  for (std::size_t i = 1; i < operands.size(); ++i) {
    out.back() += fmt::format(" {}", sign_of(ops[i - 1]));
    Lines next = value(*operands[i], inner, inner);
    next[0].insert(0, spaces(inner));
    out.insert(out.end(), next.begin(), next.end());
  }
  return out;
}

// --- fields, blocks, scripts -------------------------------------------------------------

Lines Printer::assigned(const Expr& expr, int indent, int column) {
  const int inner = indent + kIndent;
  if (is_script(expr)) {
    Lines out = script(expr, inner);
    out[0].insert(0, spaces(inner));
    out.insert(out.begin(), "=");
    return out;
  }
  const Flat text = flat(expr);
  if (text && column + 2 + columns(*text) <= kWidth) return {"= " + *text};
  if (text && !opens_brackets(expr) && inner + columns(*text) <= kWidth) {
    return {"=", spaces(inner) + *text};
  }
  Lines out{"= "};
  join(out, value(expr, indent, column + 2));
  return out;
}

Row Printer::field_row(const Field& field, int indent) {
  Row row;
  row.ends_in_script = lang::ends_in_script(*field.value);
  if (field.pun) {
    row.cells.emplace_back(view(field.range));
  } else if (field.spread) {
    Lines lines{"..."};
    join(lines, value(*field.value, indent, indent + 3));
    row = row_of(std::move(lines));
    row.ends_in_script = lang::ends_in_script(*field.value);
  } else if (is_script(*field.value) && field.name.range.begin == field.value->range.begin) {
    row = row_of(script(*field.value, indent));
    row.ends_in_script = true;
  } else {
    row.kind = RowKind::Field;
    Lines name = verbatim_lines(field.name.range);
    const int column = indent + columns(name.back()) + 1;
    Lines lines = assigned(*field.value, indent, column);
    if (name.size() > 1) {  // A text of several lines as a name.
      name.back() += " ";
      join(name, std::move(lines));
      row.kind = RowKind::Other;
      row.cells.push_back(name[0]);
      row.rest.assign(name.begin() + 1, name.end());
      return row;
    }
    row.cells = {name[0], lines[0]};
    row.rest.assign(lines.begin() + 1, lines.end());
  }
  return row;
}

std::vector<Item> Printer::field_items(const std::vector<Field>& fields) {
  std::vector<Item> items;
  for (const Field& field : fields) {
    items.push_back({field.range.begin, field.range.end, field.doc.size(),
                     [this, &field](int at) { return field_row(field, at); },
                     [this, &field](std::vector<Range>& out) {
                       if (field.name_expr != nullptr) claims_of(*field.name_expr, out);
                       claims_of(*field.value, out);
                     }});
  }
  return items;
}

Lines Printer::block(const Block& block, int indent) {
  if (block.fields.empty() && !has_comment(block.range)) return {"{}"};
  return group("{", field_items(block.fields), block.range, "}", indent);
}

Lines Printer::script(const Expr& expr, int indent) {
  const std::string margin = spaces(indent);
  Lines out;
  std::uint32_t last_end = expr.range.begin;
  const auto add = [&](std::string_view text, std::uint32_t begin, std::uint32_t end) {
    if (!out.empty() && blank_between(last_end, begin)) out.emplace_back();
    out.push_back((out.empty() ? "" : margin) + std::string(text));
    last_end = end;
  };
  for (const CommandLine& line : std::get<Script>(expr.value).lines) {
    for (std::size_t i = first_comment(last_end);
         i < file_.comments.size() && file_.comments[i].range.begin < line.range.begin; ++i) {
      const Range& at = file_.comments[i].range;
      std::string_view words = view(at);
      while (words.ends_with(' ') || words.ends_with('\t') || words.ends_with('\r')) {
        words.remove_suffix(1);
      }
      printed_[i] = true;
      add(words, at.begin, at.end);
    }
    add(view(line.range), line.range.begin, line.range.end);
  }
  return out;
}

// --- types -------------------------------------------------------------------------------

Lines Printer::type_lines(const ast::Type& type, int indent, int column) {
  const Flat text = this->type(type);
  if (text && (column + columns(*text) <= kWidth || type.kind == TypeKind::Named)) return {*text};
  const auto wrapped = [&](const char* open, const ast::Type& inner, const char* close) {
    Lines out{open};
    join(out, type_lines(inner, indent, column + columns(open)));
    out.back() += close;
    return out;
  };
  switch (type.kind) {
    case TypeKind::List:
      return wrapped("[", *type.items[0], "]");
    case TypeKind::Map:
      return wrapped("{", *type.items[0], "}");
    case TypeKind::Optional: {
      const TypeKind kind = type.items[0]->kind;
      const bool closed = kind != TypeKind::Optional &&
                          (kind != TypeKind::Union || text_[type.range.end - 2] != ')');
      return closed ? wrapped("", *type.items[0], "?") : wrapped("(", *type.items[0], ")?");
    }
    case TypeKind::Union: {
      Lines out;
      for (const ast::Type* part : type.items) {
        const bool open = part->kind == TypeKind::Union || part->kind == TypeKind::Optional;
        if (!out.empty()) out.back() += " |";
        Lines next = open ? wrapped("(", *part, ")") : type_lines(*part, indent, indent + kIndent);
        if (!out.empty()) {
          const bool fits = columns(out.back()) + 1 + columns(next[0]) + column <= kWidth;
          if (fits) {
            next[0].insert(0, " ");
            join(out, std::move(next));
          } else {
            next[0].insert(0, spaces(indent + kIndent));
            out.insert(out.end(), next.begin(), next.end());
          }
        } else {
          out = std::move(next);
        }
      }
      return out;
    }
    case TypeKind::Record: {
      std::vector<Item> items;
      for (const ast::TypeField& field : type.fields) {
        items.push_back({field.name.range.begin, field.range.end, 0,
                         [this, &field](int at) {
                           Lines lines{std::string(field.name.text) + ": "};
                           join(lines, type_lines(*field.type, at, at + columns(lines[0])));
                           Row row;
                           row.kind = RowKind::Parameter;
                           row.cells = {std::string(field.name.text) + ":",
                                        lines[0].substr(field.name.text.size() + 2)};
                           row.rest.assign(lines.begin() + 1, lines.end());
                           return row;
                         },
                         [this, &field](std::vector<Range>& out) { claims_of(*field.type, out); }});
      }
      return group("{", items, type.range, "}", indent);
    }
    default:
      return text ? Lines{*text} : verbatim_lines(type.range);
  }
}

}  // namespace devgraph::lang
