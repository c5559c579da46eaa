/// Printer: comprehensions, `if`, `match` and operators on several lines.

#include <algorithm>

#include <fmt/format.h>

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

namespace {

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

/// `if … then … else if … then … else …`, a choice a line; null where one of them is a script.
std::optional<Lines> Printer::chain(const If& first, int indent, int column) {
  const int inner = indent + kIndent;
  Lines out{"if "};
  for (const If* link = &first;;) {
    const int before = out.size() == 1 ? column : 0;
    join(out, value(*link->condition, inner, before + columns(out.back())));
    out.back() += " then ";
    if (is_script(*link->then) || is_script(*link->otherwise)) return std::nullopt;
    join(out, value(*link->then, inner, (out.size() == 1 ? column : 0) + columns(out.back())));
    const auto* next = std::get_if<If>(&link->otherwise->value);
    const bool ends = next == nullptr || in_parens(*link->otherwise);
    out.push_back(spaces(inner) + (ends ? "else " : "else if "));
    if (ends) {
      join(out, value(*link->otherwise, inner, columns(out.back())));
      return out;
    }
    link = next;
  }
}

Lines Printer::broken_if(const If& choice, int indent, int column) {
  const int inner = indent + kIndent;
  if (std::holds_alternative<If>(choice.otherwise->value) && !in_parens(*choice.otherwise)) {
    if (std::optional<Lines> lines = chain(choice, indent, column)) return *std::move(lines);
  }
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
  items.reserve(match.arms.size());
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

}  // namespace devgraph::lang
