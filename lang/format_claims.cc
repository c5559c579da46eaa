/// Printer: which comments a value prints itself.

#include "lang/format_printer.h"

namespace devgraph::lang {

using namespace ast;

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

}  // namespace devgraph::lang
