#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

using ast::BinaryOp;

const char* op_text(BinaryOp op) {
  switch (op) {
    case BinaryOp::Coalesce:
      return "??";
    case BinaryOp::Or:
      return "or";
    case BinaryOp::And:
      return "and";
    case BinaryOp::Eq:
      return "==";
    case BinaryOp::Ne:
      return "!=";
    case BinaryOp::Le:
      return "<=";
    case BinaryOp::Ge:
      return ">=";
    case BinaryOp::Lt:
      return "<";
    case BinaryOp::Gt:
      return ">";
    case BinaryOp::In:
      return "in";
    case BinaryOp::Add:
      return "+";
    case BinaryOp::Sub:
      return "-";
    case BinaryOp::Join:
      return "/";
  }
  return "";
}

/// string for a literal or a set of literals, else the type itself; unknown stays unknown.
Kind plain_kind(const TypeRef& type) {
  const std::vector<TypeRef> all = alternatives(type);
  const bool strings = std::ranges::all_of(
      all, [](const TypeRef& t) { return t->kind == Kind::Literal || t->kind == Kind::String; });
  if (strings) return Kind::String;
  if (all.size() == 1) return all.front()->kind;
  const Kind first = plain_kind(all.front());
  const bool uniform =
      std::ranges::all_of(all, [&](const TypeRef& t) { return plain_kind(t) == first; });
  return uniform ? first : Kind::Union;
}

bool is_unknown(const TypeRef& type) {
  return type->kind == Kind::Any || type->kind == Kind::Never;
}

/// The record that two records make; the right one wins.
TypeRef merged(const Type& left, const Type& right) {
  std::vector<TypeField> fields = left.fields;
  for (const TypeField& field : right.fields) {
    const auto at =
        std::ranges::find_if(fields, [&](const TypeField& f) { return f.name == field.name; });
    if (at != fields.end()) {
      at->type = field.type;
    } else {
      fields.push_back(field);
    }
  }
  return record_of(std::move(fields));
}

TypeRef item_of_map(const Type& type) {
  if (type.kind == Kind::Map) return type.item;
  std::vector<TypeRef> items;
  for (const TypeField& field : type.fields)
    items.push_back(field.type);
  return union_of(std::move(items));
}

bool is_comparable(Kind kind) {
  switch (kind) {
    case Kind::Secret:
    case Kind::File:
    case Kind::Tree:
    case Kind::Script:
    case Kind::Text:
    case Kind::Node:
    case Kind::Family:
      return false;
    default:
      return true;
  }
}

bool is_ordered(Kind kind) {
  return kind == Kind::Int || kind == Kind::String || kind == Kind::Version ||
         kind == Kind::Duration || kind == Kind::Size || kind == Kind::Data || kind == Kind::Any;
}

}  // namespace

TypeRef Checker::infer_binary(const ast::Expr& expr, const ast::Binary& it, Env& env) {
  switch (it.op) {
    case BinaryOp::And:
    case BinaryOp::Or: {
      const std::string what = fmt::format("`{}`", op_text(it.op));
      check_condition(*it.left, env, what);
      const Facts facts = facts_of(*it.left, env);
      Restore restore(env);
      const auto& known = it.op == BinaryOp::And ? facts.if_true : facts.if_false;
      env.narrowed.insert(env.narrowed.end(), known.begin(), known.end());
      check_condition(*it.right, env, what);
      return simple(Kind::Bool);
    }
    case BinaryOp::Coalesce:
      return infer_coalesce(it, env);
    case BinaryOp::In:
      return infer_in(expr, it, env);
    case BinaryOp::Join:
      return infer_join(expr, it, env);
    case BinaryOp::Add:
    case BinaryOp::Sub:
      return infer_add(expr, it, env);
    default:
      return infer_compare(expr, it, env);
  }
}

TypeRef Checker::infer_coalesce(const ast::Binary& it, Env& env) {
  const TypeRef left = infer(*it.left, env);
  const TypeRef right = infer(*it.right, env);
  if (left->kind == Kind::Any) return right;
  const TypeRef bare = without_none(left);
  if (bare->kind == Kind::Data) return right->kind == Kind::Literal ? simple(Kind::String) : right;
  return bare->kind == Kind::None ? right : union_of({bare, right});
}

TypeRef Checker::infer_add(const ast::Expr& expr, const ast::Binary& it, Env& env) {
  const TypeRef left = infer(*it.left, env);
  const TypeRef right = infer(*it.right, env);
  if (is_unknown(left) || is_unknown(right)) return simple(Kind::Any);
  for (const auto& [type, side] : {std::pair(left, it.left), std::pair(right, it.right)}) {
    if (type->kind == Kind::Optional) {
      may_be_none(*side, *type);
      return simple(Kind::Any);
    }
    if (type->kind == Kind::Secret) {
      error("E301", side->range, "a secret cannot be part of a string", "secret");
      return simple(Kind::Any);
    }
  }
  const Kind a = plain_kind(left);
  const Kind b = plain_kind(right);
  const bool add = it.op == BinaryOp::Add;
  if (a == Kind::Data && b == Kind::Data) return left;
  if (a == Kind::Data || b == Kind::Data) {
    const Kind other = a == Kind::Data ? b : a;
    if (add && (other == Kind::String || other == Kind::Int)) return simple(other);
    if (add) return a == Kind::Data ? right : left;
  }
  const bool numbers = a == Kind::Int || a == Kind::Duration || a == Kind::Size;
  if (a == b && numbers) return simple(a);
  if (add && a == Kind::String && b == Kind::String) return simple(Kind::String);
  const auto is_list = [](Kind kind) { return kind == Kind::List || kind == Kind::Family; };
  if (add && is_list(a) && is_list(b)) {
    std::vector<TypeRef> items;
    for (const TypeRef& side : {left, right}) {
      for (const TypeRef& one : alternatives(side))
        items.push_back(one->item);
    }
    return list_of(union_of(std::move(items)));
  }
  const auto is_map = [](Kind kind) { return kind == Kind::Map || kind == Kind::Record; };
  if (add && left->kind == Kind::Record && right->kind == Kind::Record)
    return merged(*left, *right);
  if (add && is_map(a) && is_map(b)) {
    std::vector<TypeRef> items;
    for (const TypeRef& side : {left, right}) {
      for (const TypeRef& one : alternatives(side))
        items.push_back(item_of_map(*one));
    }
    return map_of(union_of(std::move(items)));
  }
  Diagnostic& fault = error(
      "E106", it.op_range,
      fmt::format("`{}` cannot take {} and {}", op_text(it.op), a_type(*left), a_type(*right)),
      fmt::format("{} {} {}", brief(*left), op_text(it.op), brief(*right)));
  if (a == Kind::String && (b == Kind::Int || b == Kind::Bool || b == Kind::Version)) {
    fault.helps.push_back(
        fmt::format("write  \"…{{{}}}\"  or  str(…)", source_text(it.right->range)));
  } else if (b == Kind::String && (a == Kind::Int || a == Kind::Bool || a == Kind::Version)) {
    fault.helps.push_back(
        fmt::format("write  \"{{{}}}…\"  or  str(…)", source_text(it.left->range)));
  } else if (is_list(a) && !is_list(b)) {
    fault.helps.push_back(
        fmt::format("write  [{}]  to add one element", source_text(it.right->range)));
  } else if (!is_list(a) && is_list(b)) {
    fault.helps.push_back(
        fmt::format("write  [{}]  to add one element", source_text(it.left->range)));
  } else if (a == Kind::Tree) {
    fault.helps.emplace_back("a file in a folder is  folder / \"name\"");
  }
  (void)expr;
  return simple(Kind::Any);
}

/// Tells when a closed set cannot hold the text it is compared with.
TypeRef Checker::infer_compare(const ast::Expr& expr, const ast::Binary& it, Env& env) {
  const TypeRef left = infer(*it.left, env);
  const TypeRef right = infer(*it.right, env);
  const TypeRef result = simple(Kind::Bool);
  if (is_unknown(left) || is_unknown(right)) return result;
  for (const auto& [type, side] : {std::pair(left, it.left), std::pair(right, it.right)}) {
    const Kind kind = plain_kind(without_none(type));
    if (kind == Kind::Secret) {
      error("E301", side->range, "a secret cannot be compared", "secret");
      return result;
    }
  }
  const bool equality = it.op == BinaryOp::Eq || it.op == BinaryOp::Ne;
  const bool none = left->kind == Kind::None || right->kind == Kind::None;
  if (equality && none) return result;
  const Kind a = plain_kind(without_none(left));
  const Kind b = plain_kind(without_none(right));
  const bool data = a == Kind::Data || b == Kind::Data;
  if (!equality) {
    for (const auto& [type, side] : {std::pair(left, it.left), std::pair(right, it.right)}) {
      if (type->kind != Kind::Optional) continue;
      may_be_none(*side, *type);
      return result;
    }
  }
  const auto family = [](Kind kind) { return kind == Kind::Record ? Kind::Map : kind; };
  const bool alike = data || family(a) == family(b) || (a == Kind::Union && fits(*right, *left)) ||
                     (b == Kind::Union && fits(*left, *right));
  const bool allowed =
      equality ? is_comparable(a) && is_comparable(b) : is_ordered(a) && is_ordered(b);
  if (!alike || !allowed) {
    Diagnostic& fault = error("E106", it.op_range,
                              fmt::format("`{}` cannot compare {} with {}", op_text(it.op),
                                          a_type(*left), a_type(*right)),
                              fmt::format("{} {} {}", brief(*left), op_text(it.op), brief(*right)));
    if ((a == Kind::Version) != (b == Kind::Version))
      fault.helps.emplace_back("write  version(\"1.10.0\")");
    if (!is_comparable(a))
      fault.helps.emplace_back("content is compared when nodes run, by a script");
    return result;
  }
  for (const auto& [set, other, side] :
       {std::tuple(left, right, it.right), std::tuple(right, left, it.left)}) {
    const ast::Expr* name = side == it.right ? it.left : it.right;
    const bool closed = std::ranges::all_of(
        alternatives(set), [](const TypeRef& t) { return t->kind == Kind::Literal; });
    const Found what = closed && std::holds_alternative<ast::Name>(name->value)
                           ? find(std::get<ast::Name>(name->value).text, env)
                           : Found();
    // A `let` may be a constant that somebody edits; an axis value or a parameter is a closed set.
    const bool is_set =
        what.local || (what.symbol && !std::holds_alternative<ast::Let>(what.symbol.decl->value));
    if (!is_set || other->kind != Kind::Literal || fits(*other, *set)) continue;
    std::vector<std::string> known;
    for (const TypeRef& one : alternatives(set))
      known.push_back(one->text);
    const std::optional<std::string> near = nearest(other->text, known);
    Diagnostic& fault = error("E108", side->range,
                              fmt::format("\"{}\" is no value of {}", printable(other->text),
                                          described(std::get<ast::Name>(name->value).text, env)),
                              near ? fmt::format("did you mean \"{}\"?", *near) : "never equal");
    fault.helps.push_back(fmt::format("its values are {}", show(*set)));
  }
  (void)expr;
  return result;
}

TypeRef Checker::infer_in(const ast::Expr&, const ast::Binary& it, Env& env) {
  const TypeRef left = infer(*it.left, env);
  const TypeRef right = infer(*it.right, env);
  const TypeRef result = simple(Kind::Bool);
  if (is_unknown(left) || is_unknown(right)) return result;
  if (right->kind == Kind::Optional) {
    may_be_none(*it.right, *right);
    return result;
  }
  const Kind kind = plain_kind(right);
  if (kind == Kind::Data || kind == Kind::Any || kind == Kind::Union) return result;
  const bool is_map = kind == Kind::Map || kind == Kind::Record;
  if (is_map && (plain_kind(left) == Kind::String || left->kind == Kind::Data)) return result;
  if (kind == Kind::List && right->kind == Kind::List) {
    const Kind element = plain_kind(right->item);
    const Kind asked = plain_kind(without_none(left));
    if (element == asked || is_unknown(right->item) || element == Kind::Union ||
        asked == Kind::Data || element == Kind::Data) {
      return result;
    }
  }
  Diagnostic& fault =
      error("E106", it.op_range,
            fmt::format("`in` cannot look for {} in {}", a_type(*left), a_type(*right)),
            fmt::format("{} in {}", brief(*left), brief(*right)));
  if (kind == Kind::String) {
    fault.helps.emplace_back("write  matches(s, '…')  to look for text in text");
  } else {
    fault.helps.emplace_back("`in` asks a list for an element, or a map for a key");
  }
  return result;
}

TypeRef Checker::infer_join(const ast::Expr&, const ast::Binary& it, Env& env) {
  const TypeRef left = infer(*it.left, env);
  if (std::holds_alternative<ast::StringLit>(it.right->value)) check_path_text(*it.right, env);
  const TypeRef right = infer(*it.right, env);
  if (left->kind == Kind::Any) return left;
  if (left->kind == Kind::Optional) {
    may_be_none(*it.left, *left);
    return simple(Kind::Any);
  }
  const bool is_tree = fits(*left, *simple(Kind::Tree));
  const bool is_path = left->kind == Kind::Path;
  if (!is_tree && !is_path) {
    Diagnostic& fault = error(
        "E106", it.op_range, fmt::format("`/` needs a tree on its left, this is {}", a_type(*left)),
        fmt::format("{} / …", brief(*left)));
    if (left->kind == Kind::File)
      fault.helps.emplace_back("a path literal of a folder ends in `/`, as in ./src/");
    if (plain_kind(left) == Kind::String)
      fault.helps.emplace_back("a text is not a place; write ./…, or put texts together with {…}");
    return simple(Kind::Any);
  }
  if (plain_kind(right) != Kind::String && !is_unknown(right) && right->kind != Kind::Data) {
    mismatch(*it.right, *right, *simple(Kind::String), {"the name behind `/`", {}}, env);
    return simple(Kind::Any);
  }
  if (is_path) return left;
  const auto* string = std::get_if<ast::StringLit>(&it.right->value);
  if (!string || string->pieces.empty()) return simple(Kind::File);
  const bool wild = std::ranges::any_of(string->pieces, [](const ast::Piece& piece) {
    return !piece.hole && piece.text.find_first_of("*?") != std::string::npos;
  });
  if (wild) return list_of(simple(Kind::File));
  const ast::Piece& last = string->pieces.back();
  return simple(!last.hole && last.text.ends_with('/') ? Kind::Tree : Kind::File);
}

TypeRef Checker::infer_cast(const ast::Expr&, const ast::Cast& it, Env& env) {
  const TypeRef to = declared(*env.module, *it.type);
  const TypeRef from = infer(*it.value, env);
  const bool narrows = plain_kind(from) == Kind::String && plain_kind(to) == Kind::String;
  if (from->kind == Kind::Optional && to->kind != Kind::Optional) {
    may_be_none(*it.value, *from);
    return to;
  }
  if (from->kind == Kind::Data || narrows || fits(*from, *to)) return to;
  Diagnostic& fault =
      error("E116", it.value->range,
            fmt::format("`as` cannot make {} of {}", needed(*to), a_type(*from)), brief(*from));
  fault.helps.emplace_back(
      "`as` checks data and closed sets; it converts nothing: use str, int, bool or version");
  return to;
}

/// `git.short`, `host.os`, unless the file declares such a name itself.
TypeRef Checker::infer_fact(const ast::Member& it, Env& env, bool& known) {
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

TypeRef Checker::infer_member(const ast::Expr& expr, const ast::Member& it, Env& env) {
  bool known = false;
  const TypeRef fact = infer_fact(it, env, known);
  if (known) return fact;
  const TypeRef base = infer(*it.base, env);
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
  (void)expr;
  return it.optional && base->kind == Kind::Optional ? optional_of(result) : result;
}

TypeRef Checker::member_of(const TypeRef& base, const ast::Word& name, const ast::Expr& base_expr,
                           Env& env) {
  const std::string_view field = name.text;
  if (base->kind == Kind::Any || base->kind == Kind::Data) return base;
  if (base->kind == Kind::Union) {
    std::vector<TypeRef> all;
    for (const TypeRef& one : base->items) {
      const TypeRef type = member_of(one, name, base_expr, env);
      if (type->kind == Kind::Any) return type;
      all.push_back(type);
    }
    return union_of(std::move(all));
  }
  if (base->kind == Kind::Version && (field == "major" || field == "minor" || field == "patch")) {
    return simple(Kind::Int);
  }
  if (base->kind == Kind::Family) {
    const TypeRef inner = member_of(base->item, name, base_expr, env);
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
    std::vector<std::string> known;
    for (const TypeField& one : base->fields)
      known.push_back(one.name);
    const std::optional<std::string> near = nearest(field, known);
    const std::string owner(source_text(base_expr.range));
    Diagnostic& fault = error("E104", name.range,
                              fmt::format("`{}` has no {} `{}`", printable(owner),
                                          base->kind == Kind::Node ? "output" : "field", field),
                              near ? fmt::format("did you mean `{}`?", *near) : "no such name");
    fault.helps.push_back(known.empty() ? std::string("it has none")
                                        : fmt::format("it has {}", fmt::join(known, ", ")));
    return simple(Kind::Any);
  }
  if (base->kind == Kind::Version) {
    error("E104", name.range, fmt::format("a version has no field `{}`", field), "no such name")
        .helps.emplace_back("it has major, minor, patch");
    return simple(Kind::Any);
  }
  Diagnostic& fault =
      error("E104", name.range, fmt::format("{} has no fields", a_type(*base)), brief(*base));
  if (base->kind == Kind::List &&
      (base->item->kind == Kind::Node || base->item->kind == Kind::Record ||
       base->item->kind == Kind::Family || base->item->kind == Kind::Union)) {
    fault.helps.push_back(
        fmt::format("write  [for n in {}: n.{}]", source_text(base_expr.range), field));
  }
  if (base->kind == Kind::Map) {
    fault.helps.push_back(
        fmt::format("the keys of a map are known when it is made; write  {}[\"{}\"]",
                    source_text(base_expr.range), field));
  }
  return simple(Kind::Any);
}

TypeRef Checker::infer_index(const ast::Expr& expr, const ast::Index& it, Env& env) {
  const TypeRef base = infer(*it.base, env);
  if (base->kind == Kind::Family) return index_family(base, expr, it, env);
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
                             Env& env) {
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
