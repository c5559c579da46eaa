#pragma once
/// The types in the table of built-in functions: `[T]`, `{string | file}?`, `"a" | "b"`, and what a
/// call makes of their variables.

#include <map>
#include <string>
#include <string_view>

#include "lang/types.h"

namespace devgraph::lang {

/// A variable is a Kind::Any with its name as the text.
TypeRef parse_signature_type(std::string_view text);
bool has_variable(const Type& type);
/// What the variables of `pattern` are when `actual` stands for it; each keeps all it was met with.
void bind_variables(const TypeRef& pattern, const TypeRef& actual,
                    std::map<std::string, TypeRef>& bound);
TypeRef with_variables(const TypeRef& pattern, const std::map<std::string, TypeRef>& bound);

}  // namespace devgraph::lang
