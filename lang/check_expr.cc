#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

template <class T>
const T* as(const ast::Expr& expr) {
  return std::get_if<T>(&expr.value);
}

/// The alternative of an expected type that a form may take; null if there is none.
TypeRef pick(const TypeRef& expected, std::initializer_list<Kind> kinds) {
  for (const TypeRef& one : alternatives(expected)) {
    if (std::ranges::find(kinds, one->kind) != kinds.end()) return one;
  }
  return nullptr;
}

bool is_contentish(const Type& type) {
  switch (type.kind) {
    case Kind::File:
    case Kind::Tree:
    case Kind::Node:
      return true;
    case Kind::Union:
      return std::ranges::any_of(type.items, [](const TypeRef& t) { return is_contentish(*t); });
    default:
      return false;
  }
}

}  // namespace

TypeRef Checker::infer(const ast::Expr& expr, Env& env) {
  const TypeRef type = infer_plain(expr, env);
  if (env.narrowed.empty()) return type;
  const std::string key = narrowing_key(expr);
  if (key.empty()) return type;
  for (auto at = env.narrowed.rbegin(); at != env.narrowed.rend(); ++at) {
    if (at->first == key) return at->second;
  }
  return type;
}

TypeRef Checker::infer_plain(const ast::Expr& expr, Env& env) {
  if (as<ast::NoneLit>(expr)) return simple(Kind::None);
  if (as<ast::BoolLit>(expr)) return simple(Kind::Bool);
  if (const auto* it = as<ast::IntLit>(expr)) return infer_int(*it);
  if (const auto* it = as<ast::StringLit>(expr)) return infer_string(expr, *it, env);
  if (const auto* it = as<ast::PathLit>(expr)) return infer_path(*it, env);
  if (const auto* it = as<ast::LabelLit>(expr)) return label_type(expr, *it, env);
  if (const auto* it = as<ast::Name>(expr)) return name_type(expr, it->text, env);
  if (const auto* it = as<ast::List>(expr)) return infer_list(*it, env);
  if (const auto* it = as<ast::Record>(expr)) return infer_record(*it, env);
  if (const auto* it = as<ast::ListComp>(expr)) return infer_list_comp(*it, nullptr, {}, env);
  if (const auto* it = as<ast::MapComp>(expr)) return infer_map_comp(*it, nullptr, {}, env);
  if (const auto* it = as<ast::Call>(expr)) return infer_call(expr, *it, env);
  if (const auto* it = as<ast::Index>(expr)) return infer_index(expr, *it, env);
  if (const auto* it = as<ast::Member>(expr)) return infer_member(expr, *it, env);
  if (const auto* it = as<ast::If>(expr)) return branch(*it, nullptr, {}, env);
  if (const auto* it = as<ast::Match>(expr)) return match(expr, *it, nullptr, {}, env);
  if (const auto* it = as<ast::Binary>(expr)) return infer_binary(expr, *it, env);
  if (const auto* it = as<ast::Not>(expr)) {
    check_condition(*it->value, env, "`not`");
    return simple(Kind::Bool);
  }
  if (const auto* it = as<ast::Cast>(expr)) return infer_cast(expr, *it, env);
  if (const auto* it = as<ast::NodeLit>(expr)) return infer_node_lit(*it, env);
  if (const auto* it = as<ast::Script>(expr)) {
    Restore restore(env);
    // It will stand in some node, whose `out` and `deps` are not known here.
    for (const char* name : {"name", "out", "deps"}) {
      env.locals.push_back({name, simple(Kind::Any), Local::Role::Node});
    }
    check_script(*it, env);
    return simple(Kind::Script);
  }
  return simple(Kind::Any);
}

void Checker::check_condition(const ast::Expr& expr, Env& env, std::string_view what) {
  check(expr, simple(Kind::Bool), {std::string(what), {}}, env);
}

/// Literals take the expected type; everything else has its own and must fit.
void Checker::check(const ast::Expr& expr, const TypeRef& expected, const Slot& slot, Env& env) {
  if (check_form(expr, expected, slot, env)) return;
  const TypeRef actual = infer(expr, env);
  if (!fits(*actual, *expected)) mismatch(expr, *actual, *expected, slot, env);
}

/// True if the form of the expression decided how to check it, and that was done.
bool Checker::check_form(const ast::Expr& expr, const TypeRef& expected, const Slot& slot,
                         Env& env) {
  if (expected->kind == Kind::Any) return false;
  if (const auto* it = as<ast::If>(expr)) {
    branch(*it, &expected, slot, env);
    return true;
  }
  if (const auto* it = as<ast::Match>(expr)) {
    match(expr, *it, &expected, slot, env);
    return true;
  }
  if (const auto* it = as<ast::List>(expr)) return check_list(*it, expected, slot, env);
  if (const auto* it = as<ast::Record>(expr)) return check_record(expr, *it, expected, slot, env);
  if (const auto* it = as<ast::StringLit>(expr)) return check_string(expr, *it, expected, env);
  if (const auto* it = as<ast::ListComp>(expr)) {
    const TypeRef list = pick(expected, {Kind::List});
    if (list) infer_list_comp(*it, &list->item, slot.element(*list), env);
    return list != nullptr;
  }
  if (const auto* it = as<ast::MapComp>(expr)) {
    const TypeRef map = pick(expected, {Kind::Map});
    if (map) infer_map_comp(*it, &map->item, slot.element(*map), env);
    return map != nullptr;
  }
  if (as<ast::PathLit>(expr) && pick(expected, {Kind::Path})) {
    infer(expr, env);
    check_path_text(expr, env);
    return true;
  }
  const auto* binary = as<ast::Binary>(expr);
  if (!binary) return false;
  if (binary->op == ast::BinaryOp::Add) {
    // Lists that are put together: both sides are lists of what is expected.
    const TypeRef list = pick(expected, {Kind::List});
    const bool is_list = as<ast::List>(*binary->left) || as<ast::List>(*binary->right) ||
                         as<ast::ListComp>(*binary->left) || as<ast::ListComp>(*binary->right);
    if (!list || !is_list) return false;
    check(*binary->left, list, slot, env);
    check(*binary->right, list, slot, env);
    return true;
  }
  if (binary->op == ast::BinaryOp::Coalesce) {
    const TypeRef left = infer(*binary->left, env);
    const TypeRef bare = without_none(left);
    if (bare->kind != Kind::None && !fits(*bare, *expected)) {
      mismatch(*binary->left, *bare, *expected, slot, env);
    }
    check(*binary->right, expected, slot, env);
    return true;
  }
  return false;
}

bool Checker::check_list(const ast::List& list, const TypeRef& expected, const Slot& slot,
                         Env& env) {
  const TypeRef type = pick(expected, {Kind::List});
  if (!type) return false;
  const bool content = is_contentish(*type->item);
  const Slot inner = slot.element(*type);
  for (const ast::ListItem& item : list.items) {
    if (item.spread) {
      check(*item.value, type, slot, env);
      continue;
    }
    if (check_form(*item.value, type->item, inner, env)) continue;
    const TypeRef actual = infer(*item.value, env);
    if (fits(*actual, *type->item)) continue;
    const bool is_many = actual->kind == Kind::List || actual->kind == Kind::Family;
    if (is_many && fits(*actual, *type)) {
      if (content) continue;
      Diagnostic& fault =
          error("E102", item.value->range,
                fmt::format("{} is needed here, this is {}", needed(*type->item), a_type(*actual)),
                brief(*actual));
      fault.helps.push_back(fmt::format("write  ...{}  to put its elements into the list",
                                        source_text(item.value->range)));
      continue;
    }
    mismatch(*item.value, *actual, *type->item, inner, env);
  }
  return true;
}

bool Checker::check_record(const ast::Expr& expr, const ast::Record& record,
                           const TypeRef& expected, const Slot& slot, Env& env) {
  const TypeRef type = pick(expected, {Kind::Map, Kind::Record});
  if (!type) return false;
  std::unordered_map<std::string_view, Range> seen;
  bool complete = true;  // All fields are known, so that a missing one can be told.
  std::vector<std::string> have;
  for (const ast::Field& field : record.fields) {
    if (field.spread) {
      const TypeRef given = infer(*field.value, env);
      complete = complete && (given->kind == Kind::Record || given->kind == Kind::Node);
      for (const TypeField& one : given->fields) {
        have.push_back(one.name);
        const TypeField* want = type->kind == Kind::Record ? type->field(one.name) : nullptr;
        const TypeRef target = want ? want->type : type->kind == Kind::Map ? type->item : nullptr;
        if (target && !fits(*one.type, *target)) {
          mismatch(*field.value, *one.type, *target,
                   {slot.what.empty() ? one.name : fmt::format("{}.{}", slot.what, one.name), {}},
                   env);
        }
      }
      const bool is_map =
          given->kind == Kind::Map || given->kind == Kind::Union || given->kind == Kind::Data;
      const bool fine = given->kind == Kind::Record || given->kind == Kind::Node ||
                        given->kind == Kind::Any || given->kind == Kind::Data || is_map;
      if (!fine || (type->kind == Kind::Map && is_map && !fits(*given, *type))) {
        mismatch(*field.value, *given, *type, slot, env);
      }
      continue;
    }
    if (field.name_expr) {
      check_hole_in_text(*field.name_expr, env, "a key");
      complete = false;
      if (type->kind == Kind::Map) check(*field.value, type->item, slot.element(*type), env);
      continue;
    }
    const std::string name(field.name.text);
    const auto [at, fresh] = seen.emplace(field.name.text, field.name.range);
    if (!fresh) {
      error("E112", field.name.range, fmt::format("`{}` is written twice", name),
            "written again here")
          .also.push_back({at->second, "first written here"});
    }
    have.push_back(name);
    if (type->kind == Kind::Map) {
      Slot inner = slot.element(*type);
      inner.field = name;
      check(*field.value, type->item, inner, env);
      continue;
    }
    const TypeField* want = type->field(name);
    if (want) {
      check(*field.value, want->type,
            {slot.what.empty() ? name : fmt::format("{}.{}", slot.what, name), name}, env);
      continue;
    }
    infer(*field.value, env);
    std::vector<std::string> known;
    for (const TypeField& one : type->fields)
      known.push_back(one.name);
    const std::optional<std::string> near = nearest(name, known);
    Diagnostic& fault =
        error("E111", field.name.range, fmt::format("there is no field `{}` here", name),
              near ? fmt::format("did you mean `{}`?", *near) : "no such field");
    fault.helps.push_back(fmt::format("{} has {}", slot.what.empty() ? "the record" : slot.what,
                                      fmt::join(known, ", ")));
  }
  if (type->kind == Kind::Map || !complete) return true;
  for (const TypeField& want : type->fields) {
    const bool needed = want.type->kind != Kind::Optional && !want.has_default;
    if (!needed || std::ranges::find(have, want.name) != have.end()) continue;
    error("E110", expr.range, fmt::format("the field `{}` is missing", want.name),
          fmt::format("{}: {}", want.name, show(*want.type)));
  }
  return true;
}

/// A quoted literal where a path is expected is a name; where a set is expected it must be in it.
bool Checker::check_string(const ast::Expr& expr, const ast::StringLit& string,
                           const TypeRef& expected, Env& env) {
  if (!pick(expected, {Kind::Path})) return false;
  if (pick(expected, {Kind::String, Kind::Literal})) return false;
  infer_string(expr, string, env);
  check_path_text(expr, env);
  return true;
}

/// A name for an output or in an archive stays below the place it is relative to.
void Checker::check_path_text(const ast::Expr& expr, const Env&) {
  const auto* string = as<ast::StringLit>(expr);
  if (!string || string->pieces.empty()) return;
  std::string text;
  for (const ast::Piece& piece : string->pieces)
    text += piece.hole ? "x" : piece.text;
  const char* why = nullptr;
  if (text.starts_with('/')) {
    why = "a path is relative";
  } else if (text.starts_with("./") && string->pieces.size() == 1) {
    why = "a path in the tree is written without quotes";
  } else {
    for (const std::string_view part : split(text, '/')) {
      if (part == "..") why = "a path never leads out through `..`";
    }
  }
  if (text.find('\0') != std::string::npos) why = "a path holds no NUL";
  if (!why) return;
  Diagnostic& fault = error("E117", expr.range, "this cannot be a path", why);
  if (text.starts_with("./")) fault.helps.push_back(fmt::format("write  {}", printable(text)));
}

TypeRef Checker::infer_list(const ast::List& list, Env& env) {
  std::vector<TypeRef> items;
  for (const ast::ListItem& item : list.items) {
    const TypeRef type = infer(*item.value, env);
    if (!item.spread) {
      items.push_back(type);
    } else if (type->kind == Kind::List || type->kind == Kind::Family) {
      items.push_back(type->item);
    } else if (type->kind == Kind::Any || type->kind == Kind::Data) {
      items.push_back(type);
    } else {
      error("E105", item.value->range, "only a list can be spread into a list", brief(*type))
          .helps.emplace_back("without the dots it is one element");
      items.push_back(simple(Kind::Any));
    }
  }
  return list_of(union_of(std::move(items)));
}

TypeRef Checker::infer_record(const ast::Record& record, Env& env) {
  std::vector<TypeField> fields;
  std::unordered_map<std::string_view, Range> seen;
  bool is_map = false;  // Keys or fields that only evaluation knows.
  std::vector<TypeRef> map_items;
  const auto put = [&](std::string name, TypeRef type) {
    const auto at =
        std::ranges::find_if(fields, [&](const TypeField& f) { return f.name == name; });
    if (at != fields.end()) {
      at->type = std::move(type);
    } else {
      fields.push_back({std::move(name), std::move(type)});
    }
  };
  for (const ast::Field& field : record.fields) {
    const TypeRef type = infer(*field.value, env);
    if (field.spread) {
      if (type->kind == Kind::Record || type->kind == Kind::Node) {
        for (const TypeField& one : type->fields)
          put(one.name, one.type);
      } else if (type->kind == Kind::Map) {
        is_map = true;
        map_items.push_back(type->item);
      } else if (type->kind == Kind::Union || type->kind == Kind::Data || type->kind == Kind::Any) {
        is_map = true;
        map_items.push_back(simple(Kind::Any));
      } else {
        error("E105", field.value->range, "only a record or map can be spread into a record",
              brief(*type));
      }
    } else if (field.name_expr) {
      check_hole_in_text(*field.name_expr, env, "a key");
      is_map = true;
      map_items.push_back(type);
    } else {
      const auto [at, fresh] = seen.emplace(field.name.text, field.name.range);
      if (!fresh) {
        error("E112", field.name.range, fmt::format("`{}` is written twice", field.name.text),
              "written again here")
            .also.push_back({at->second, "first written here"});
      }
      put(std::string(field.name.text), type);
    }
  }
  if (!is_map) return record_of(std::move(fields));
  for (TypeField& field : fields)
    map_items.push_back(field.type);
  return map_of(union_of(std::move(map_items)));
}

TypeRef Checker::infer_string(const ast::Expr& expr, const ast::StringLit& string, Env& env) {
  if (const std::string* text = plain_text(expr)) return literal(*text);
  for (const ast::Piece& piece : string.pieces) {
    if (piece.hole) check_hole_in_text(*piece.hole, env, "a string");
  }
  return simple(Kind::String);
}

TypeRef Checker::infer_path(const ast::PathLit& path, Env& env) {
  for (const ast::Piece& piece : path.pieces) {
    if (piece.hole) check_hole_in_text(*piece.hole, env, "a path");
  }
  if (path.has_wildcard) return list_of(simple(Kind::File));
  return simple(path.is_folder ? Kind::Tree : Kind::File);
}

/// What can be written into an evaluated text.
void Checker::check_hole_in_text(const ast::Expr& hole, Env& env, std::string_view where) {
  Restore restore(env);
  env.script = false;
  env.words = false;
  const TypeRef type = infer(hole, env);
  for (const TypeRef& one : alternatives(type)) {
    switch (one->kind) {
      case Kind::Any:
      case Kind::Never:
      case Kind::String:
      case Kind::Literal:
      case Kind::Int:
      case Kind::Bool:
      case Kind::Version:
      case Kind::Data:
        continue;
      case Kind::Secret:
        error("E301", hole.range, fmt::format("a secret cannot be part of {}", where), "secret")
            .helps.emplace_back("a secret fits env, stdin and secrets by itself");
        return;
      case Kind::File:
      case Kind::Tree:
      case Kind::Node:
      case Kind::Family: {
        Diagnostic& fault =
            error("E114", hole.range, fmt::format("{} cannot be part of {}", a_type(*one), where),
                  brief(*type));
        fault.helps.emplace_back("its path is known only when the node runs");
        fault.helps.emplace_back("put it into `env`, `argv` or the script");
        return;
      }
      default: {
        Diagnostic& fault =
            error("E114", hole.range, fmt::format("{} cannot be part of {}", a_type(*one), where),
                  brief(*type));
        if (one->kind == Kind::List) fault.helps.emplace_back("write {join(\", \", xs)}");
        if (one->kind == Kind::Text)
          fault.helps.emplace_back(
              "a text is known only when the node runs; it fits env, stdin and holes of scripts");
        if (one->kind == Kind::Duration || one->kind == Kind::Size) {
          fault.helps.emplace_back("string, int, bool and version have a text");
        }
        return;
      }
    }
  }
  if (type->kind == Kind::Optional) may_be_none(hole, *type);
}

TypeRef Checker::infer_int(const ast::IntLit& literal) {
  // The parser has refused all other units.
  static constexpr std::array<std::string_view, 5> kDurations = {"ms", "s", "m", "h", "d"};
  if (literal.unit.empty()) return simple(Kind::Int);
  const bool duration = std::ranges::find(kDurations, literal.unit) != kDurations.end();
  return simple(duration ? Kind::Duration : Kind::Size);
}

}  // namespace devgraph::lang
