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
  items.reserve(type.fields.size());
  for (const TypeField& field : type.fields)
    items.push_back(field.type);
  return union_of(items);
}

bool is_list(Kind kind) {
  return kind == Kind::List || kind == Kind::Family;
}
bool is_map(Kind kind) {
  return kind == Kind::Map || kind == Kind::Record;
}
bool has_text(Kind kind) {
  return kind == Kind::Int || kind == Kind::Bool || kind == Kind::Version;
}

/// What `+` or `-` gives; null if it cannot take these two.
TypeRef sum_of(BinaryOp op, const TypeRef& left, const TypeRef& right) {
  const Kind a = plain_kind(left);
  const Kind b = plain_kind(right);
  const bool add = op == BinaryOp::Add;
  if (a == Kind::Data && b == Kind::Data) return left;
  if (a == Kind::Data || b == Kind::Data) {
    const Kind other = a == Kind::Data ? b : a;
    if (add && (other == Kind::String || other == Kind::Int)) return simple(other);
    if (add) return a == Kind::Data ? right : left;
  }
  if (a == b && (a == Kind::Int || a == Kind::Duration || a == Kind::Size)) return simple(a);
  if (!add) return nullptr;
  if (a == Kind::String && b == Kind::String) return simple(Kind::String);
  if (left->kind == Kind::Record && right->kind == Kind::Record) return merged(*left, *right);
  const bool lists = is_list(a) && is_list(b);
  if (!lists && !(is_map(a) && is_map(b))) return nullptr;
  std::vector<TypeRef> items;
  for (const TypeRef& side : {left, right}) {
    for (const TypeRef& one : alternatives(side))
      items.push_back(lists ? one->item : item_of_map(*one));
  }
  TypeRef item = union_of(items);
  return lists ? list_of(std::move(item)) : map_of(std::move(item));
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

TypeRef Checker::infer_binary(const ast::Binary& it, CheckEnv& env) {
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
      return infer_in(it, env);
    case BinaryOp::Join:
      return infer_join(it, env);
    case BinaryOp::Add:
    case BinaryOp::Sub:
      return infer_add(it, env);
    default:
      return infer_compare(it, env);
  }
}

TypeRef Checker::infer_coalesce(const ast::Binary& it, CheckEnv& env) {
  const TypeRef left = infer(*it.left, env);
  TypeRef right = infer(*it.right, env);
  if (left->kind == Kind::Any) return right;
  const TypeRef bare = without_none(left);
  if (bare->kind == Kind::Data) return right->kind == Kind::Literal ? simple(Kind::String) : right;
  return bare->kind == Kind::None ? right : union_of({bare, right});
}

TypeRef Checker::infer_add(const ast::Binary& it, CheckEnv& env) {
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
  TypeRef sum = sum_of(it.op, left, right);
  if (sum) return sum;
  Diagnostic& fault = error(
      "E106", it.op_range,
      fmt::format("`{}` cannot take {} and {}", op_text(it.op), a_type(*left), a_type(*right)),
      fmt::format("{} {} {}", brief(*left), op_text(it.op), brief(*right)));
  const Kind a = plain_kind(left);
  const Kind b = plain_kind(right);
  const std::string_view first = source_text(it.left->range);
  const std::string_view second = source_text(it.right->range);
  if (a == Kind::String && has_text(b)) {
    fault.helps.push_back(fmt::format("write  \"…{{{}}}\"  or  str(…)", second));
  } else if (b == Kind::String && has_text(a)) {
    fault.helps.push_back(fmt::format("write  \"{{{}}}…\"  or  str(…)", first));
  } else if (is_list(a) != is_list(b)) {
    fault.helps.push_back(
        fmt::format("write  [{}]  to add one element", is_list(a) ? second : first));
  } else if (a == Kind::Tree) {
    fault.helps.emplace_back("a file in a folder is  folder / \"name\"");
  }
  return simple(Kind::Any);
}

TypeRef Checker::infer_compare(const ast::Binary& it, CheckEnv& env) {
  const TypeRef left = infer(*it.left, env);
  const TypeRef right = infer(*it.right, env);
  TypeRef result = simple(Kind::Bool);
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
  check_closed_set(it, left, right, env);
  return result;
}

/// Tells when an axis or a parameter can never be the text that it is compared with.
void Checker::check_closed_set(const ast::Binary& it, const TypeRef& left, const TypeRef& right,
                               CheckEnv& env) {
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
}

TypeRef Checker::infer_in(const ast::Binary& it, CheckEnv& env) {
  const TypeRef left = infer(*it.left, env);
  const TypeRef right = infer(*it.right, env);
  TypeRef result = simple(Kind::Bool);
  if (is_unknown(left) || is_unknown(right)) return result;
  if (right->kind == Kind::Optional) {
    may_be_none(*it.right, *right);
    return result;
  }
  const Kind kind = plain_kind(right);
  if (kind == Kind::Data || kind == Kind::Any || kind == Kind::Union) return result;
  const bool is_map = kind == Kind::Map || kind == Kind::Record;
  if (is_map && (plain_kind(left) == Kind::String || left->kind == Kind::Data)) return result;
  if (kind == Kind::List) {
    const Kind asked = plain_kind(without_none(left));
    // Records of one map may hold lists of different types.
    const bool can_hold = std::ranges::all_of(alternatives(right), [&](const TypeRef& list) {
      const Kind element = plain_kind(list->item);
      return element == asked || is_unknown(list->item) || element == Kind::Union ||
             asked == Kind::Data || element == Kind::Data;
    });
    if (can_hold) return result;
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

TypeRef Checker::infer_join(const ast::Binary& it, CheckEnv& env) {
  TypeRef left = infer(*it.left, env);
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

TypeRef Checker::infer_cast(const ast::Cast& it, CheckEnv& env) {
  TypeRef to = declared(*env.module, *it.type);
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

}  // namespace devgraph::lang
