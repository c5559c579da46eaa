#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

/// What a map or record gives for a key that is not known.
TypeRef item_of_map(const Type& type) {
  if (type.kind == Kind::Map) return type.item;
  std::vector<TypeRef> items;
  items.reserve(type.fields.size());
  for (const TypeField& field : type.fields)
    items.push_back(field.type);
  return union_of(items);
}

}  // namespace

/// `git.short`, `host.os`, unless the file declares such a name itself.
TypeRef Checker::infer_fact(const ast::Member& it, CheckEnv& env, bool& known) {
  const auto* object = std::get_if<ast::Name>(&it.base->value);
  known = object && (object->text == "git" || object->text == "host") && !find(object->text, env);
  if (!known) return nullptr;
  std::vector<std::string> names;
  for (const BuiltinFact& fact : builtin_facts()) {
    if (fact.object != object->text) continue;
    names.emplace_back(fact.name);
    if (fact.name != it.name.text) continue;
    if (env.module->kind != ModuleKind::Project) {
      error("E302", it.base->range, fmt::format("`{}` is for manifests only", object->text),
            "a library gets such values as arguments")
          .helps.push_back(fmt::format("add a parameter and pass {}.{} where the rule is used",
                                       object->text, fact.name));
    }
    if (fact.type == "string?") return optional_of(simple(Kind::String));
    return simple(fact.type == "bool" ? Kind::Bool : fact.type == "int" ? Kind::Int : Kind::String);
  }
  const std::optional<std::string> near = nearest(it.name.text, names);
  Diagnostic& fault = error("E104", it.name.range,
                            fmt::format("`{}` has no field `{}`", object->text, it.name.text),
                            near ? fmt::format("did you mean `{}`?", *near) : "no such field");
  fault.helps.push_back(fmt::format("it has {}", fmt::join(names, ", ")));
  return simple(Kind::Any);
}

TypeRef Checker::infer_member(const ast::Member& it, CheckEnv& env) {
  bool known = false;
  TypeRef fact = infer_fact(it, env, known);
  if (known) return fact;
  TypeRef base = infer(*it.base, env);
  if (base->kind == Kind::Any) return base;
  if (base->kind == Kind::None) {
    error("E103", it.base->range, "this is none", "has no fields");
    return simple(Kind::Any);
  }
  if (base->kind == Kind::Data) return base;
  if (base->kind == Kind::Optional && !it.optional) {
    may_be_none(*it.base, *base);
    return simple(Kind::Any);
  }
  const TypeRef result = member_of(without_none(base), it.name, *it.base, env);
  return it.optional && base->kind == Kind::Optional ? optional_of(result) : result;
}

TypeRef Checker::member_of(const TypeRef& base, const ast::Word& name, const ast::Expr& base_expr,
                           CheckEnv& env) {
  const std::string_view field = name.text;
  if (base->kind == Kind::Any || base->kind == Kind::Data) return base;
  if (base->kind == Kind::Union) {
    std::vector<TypeRef> all;
    for (const TypeRef& one : base->items) {
      TypeRef type = member_of(one, name, base_expr, env);
      if (type->kind == Kind::Any) return type;
      all.push_back(type);
    }
    return union_of(all);
  }
  if (base->kind == Kind::Version && (field == "major" || field == "minor" || field == "patch")) {
    return simple(Kind::Int);
  }
  if (base->kind == Kind::Family) {
    TypeRef inner = member_of(base->item, name, base_expr, env);
    if (inner->kind == Kind::Any) return inner;
    return family_of(inner, base->axes, base->axis_types);
  }
  if (base->kind == Kind::Node || base->kind == Kind::Record) {
    const TypeField* found = base->field(field);
    if (found) return found->type;
    if (base->open) return simple(Kind::Any);
    if (base->kind == Kind::Node && field.starts_with('_')) {
      error("E224", name.range, fmt::format("`{}` is private to the rule", field),
            "names that start with `_` stay in their rule");
      return simple(Kind::Any);
    }
    no_field(*base, name, base_expr);
    return simple(Kind::Any);
  }
  no_fields(*base, name, base_expr);
  return simple(Kind::Any);
}

void Checker::no_field(const Type& base, const ast::Word& name, const ast::Expr& base_expr) {
  std::vector<std::string> known;
  known.reserve(base.fields.size());
  for (const TypeField& one : base.fields)
    known.push_back(one.name);
  const std::optional<std::string> near = nearest(name.text, known);
  Diagnostic& fault =
      error("E104", name.range,
            fmt::format("`{}` has no {} `{}`", printable(source_text(base_expr.range)),
                        base.kind == Kind::Node ? "output" : "field", name.text),
            near ? fmt::format("did you mean `{}`?", *near) : "no such name");
  fault.helps.push_back(known.empty() ? std::string("it has none")
                                      : fmt::format("it has {}", fmt::join(known, ", ")));
}

/// For a value of a kind that has no fields, or whose fields are fixed.
void Checker::no_fields(const Type& base, const ast::Word& name, const ast::Expr& base_expr) {
  const std::string_view field = name.text;
  if (base.kind == Kind::Version) {
    error("E104", name.range, fmt::format("a version has no field `{}`", field), "no such name")
        .helps.emplace_back("it has major, minor, patch");
    return;
  }
  Diagnostic& fault =
      error("E104", name.range, fmt::format("{} has no fields", a_type(base)), brief(base));
  if (base.kind == Kind::List &&
      (base.item->kind == Kind::Node || base.item->kind == Kind::Record ||
       base.item->kind == Kind::Family || base.item->kind == Kind::Union)) {
    fault.helps.push_back(
        fmt::format("write  [for n in {}: n.{}]", source_text(base_expr.range), field));
  }
  if (base.kind == Kind::Map) {
    fault.helps.push_back(
        fmt::format("the keys of a map are known when it is made; write  {}[\"{}\"]",
                    source_text(base_expr.range), field));
  }
}

TypeRef Checker::infer_index(const ast::Expr& expr, const ast::Index& it, CheckEnv& env) {
  TypeRef base = infer(*it.base, env);
  if (base->kind == Kind::Family) return index_family(base, it, env);
  if (base->kind == Kind::Any) {
    for (const ast::Arg& arg : it.args)
      infer(*arg.value, env);
    return base;
  }
  if (base->kind == Kind::Optional) {
    may_be_none(*it.base, *base);
    return simple(Kind::Any);
  }
  const bool named =
      std::ranges::any_of(it.args, [](const ast::Arg& a) { return a.name.has_value(); });
  if (base->kind == Kind::Node && named) {
    error("E501", expr.range,
          fmt::format("`{}` has no axes", printable(source_text(it.base->range))),
          "one node, not a family");
    return base;
  }
  return index_plain(base, expr, it, env);
}

TypeRef Checker::index_plain(const TypeRef& base, const ast::Expr& expr, const ast::Index& it,
                             CheckEnv& env) {
  if (it.args.size() != 1 || it.args.front().name || it.args.front().spread) {
    error("E105", expr.range, "one index is needed here", brief(*base));
    return simple(Kind::Any);
  }
  const ast::Expr& key = *it.args.front().value;
  const TypeRef string = simple(Kind::String);
  switch (base->kind) {
    case Kind::Data:
      infer(key, env);
      return base;
    case Kind::List:
      check(key, simple(Kind::Int), {"the index of a list", {}}, env);
      return base->item;
    case Kind::Map:
      check(key, string, {"the key of a map", {}}, env);
      return base->item;
    case Kind::Record: {
      check(key, string, {"the key of a record", {}}, env);
      const std::string* text = plain_text(key);
      if (text) {
        const ast::Word name{*text, key.range};
        return member_of(base, name, *it.base, env);
      }
      return item_of_map(*base);
    }
    default:
      break;
  }
  if (fits(*base, *simple(Kind::Tree))) {
    check(key, string, {"the name of a file in a tree", {}}, env);
    return simple(Kind::File);
  }
  const TypeRef key_type = infer(key, env);
  Diagnostic& fault =
      error("E105", expr.range, fmt::format("{} cannot be indexed", a_type(*base)), brief(*base));
  if (base->kind == Kind::Node)
    fault.helps.emplace_back("it is one node, not a family; an output is  x.name");
  (void)key_type;
  return simple(Kind::Any);
}

}  // namespace devgraph::lang
