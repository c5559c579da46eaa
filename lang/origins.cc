#include "lang/origins.h"

#include <fmt/format.h>

#include "lang/walk.h"

namespace devgraph::lang {

void Origins::add(const Cell& cell) {
  add(*cell.family);
}

void Origins::add(const Module& module) {
  if (module.kind != ModuleKind::Std) manifests_.insert(module.path);
}

void Origins::add(const Family& family) {
  if (!families_.insert(&family).second) return;
  Frame& frame = *family.frame;
  add(*frame.module);
  const Cell* outer = family.owner ? family.owner : frame.instance;
  if (outer) add(*outer);
  if (family.decl)
    for_each_expr(*family.decl, [&](const ast::Expr& expr) { add(expr, frame); });
  else if (family.block)
    for (const ast::Field& field : family.block->fields)
      add(*field.value, frame);
  for (const FamilyAxis& axis : family.axes) {
    const auto [symbol, home] = eval_.symbol_of(axis.name, frame);
    if (symbol) add(symbol, *home);
  }
  if (!family.rule) return;
  add(*family.rule.module);
  for (const ast::Parameter& parameter : family.rule_decl->parameters)
    if (parameter.value) add(*parameter.value, eval_.module_frame(*family.rule.module));
}

/// What it names; nodes but for their place are inputs, and inputs are followed by the graph.
void Origins::add(const ast::Expr& expr, Frame& frame) {
  const auto [symbol, home] = eval_.symbol_of(expr, frame);
  if (symbol && !std::holds_alternative<ast::Node>(symbol.decl->value)) add(symbol, *home);
  if (const auto* call = std::get_if<ast::Call>(&expr.value)) {
    const auto* name = std::get_if<ast::Name>(&call->callee->value);
    const Symbol function =
        name ? eval_.program().find_function(*frame.module, name->text) : Symbol();
    if (function) add(function, eval_.module_frame(*function.module));
  }
  for_each_child(expr, [&](const ast::Expr& child) { add(child, frame); });
}

void Origins::add(const Symbol& symbol, Frame& home) {
  if (!seen_.insert(symbol.decl).second) return;
  add(*symbol.module);
  if (const auto* param = std::get_if<ast::Param>(&symbol.decl->value))
    params_.insert(fmt::format("//{}:{}", symbol.module->folder, param->name.text));
  for_each_expr(*symbol.decl, [&](const ast::Expr& expr) { add(expr, home); });
}

}  // namespace devgraph::lang
