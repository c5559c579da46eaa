#pragma once
/// Visits of a syntax tree: what every pass that looks at names or labels has in common.

#include <functional>

#include "lang/ast.h"

namespace devgraph::lang {

/// Calls `visit` for each direct child expression, in source order.
void for_each_child(const ast::Expr& expr, const std::function<void(const ast::Expr&)>& visit);

/// Calls `visit` for each expression that stands directly in a declaration (fields, values,
/// conditions, defaults), in source order; of a rule also those of its children.
void for_each_expr(const ast::Decl& decl, const std::function<void(const ast::Expr&)>& visit);

/// The declared name; null for `use`, `workspace` and `assert`.
const ast::Word* declared_name(const ast::Decl& decl);

/// `param`, `axis`, `late axis`, `let`, `node`, `function`, `rule`, `type`, …: for messages.
const char* kind_word(const ast::Decl& decl);

/// The text of a string literal without holes, else null.
const std::string* plain_text(const ast::Expr& expr);

}  // namespace devgraph::lang
