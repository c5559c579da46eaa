#pragma once
/// A syntax tree as text, without places: for tests that compare trees.

#include <string>

#include "lang/ast.h"

namespace devgraph::lang {

std::string to_text(const ast::Expr& expr);
std::string to_text(const ast::Type& type);
std::string to_text(const ast::Decl& decl);
/// One declaration a line; the edition first.
std::string to_text(const ast::File& file);

}  // namespace devgraph::lang
