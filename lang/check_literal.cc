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

bool Checker::check_list(const ast::List& list, const TypeRef& expected, const Slot& slot,
                         CheckEnv& env) {
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
                           const TypeRef& expected, const Slot& slot, CheckEnv& env) {
  const TypeRef type = pick(expected, {Kind::Map, Kind::Record});
  if (!type) return false;
  std::unordered_map<std::string_view, Range> seen;
  RecordFields have;
  for (const ast::Field& field : record.fields) {
    if (field.spread) {
      check_record_spread(field, type, slot, have, env);
      continue;
    }
    if (field.name_expr) {
      check_hole_in_text(*field.name_expr, env, "a key");
      have.complete = false;
      if (type->kind == Kind::Map) check(*field.value, type->item, slot.element(*type), env);
      continue;
    }
    const auto [at, fresh] = seen.emplace(field.name.text, field.name.range);
    if (!fresh) {
      error("E112", field.name.range, fmt::format("`{}` is written twice", field.name.text),
            "written again here")
          .also.push_back({at->second, "first written here"});
    }
    have.names.emplace_back(field.name.text);
    check_record_field(field, type, slot, env);
  }
  if (type->kind == Kind::Map || !have.complete) return true;
  for (const TypeField& want : type->fields) {
    const bool needed = want.type->kind != Kind::Optional && !want.has_default;
    if (!needed || std::ranges::find(have.names, want.name) != have.names.end()) continue;
    error("E110", expr.range, fmt::format("the field `{}` is missing", want.name),
          fmt::format("{}: {}", want.name, show(*want.type)));
  }
  return true;
}

void Checker::check_record_spread(const ast::Field& field, const TypeRef& type, const Slot& slot,
                                  RecordFields& have, CheckEnv& env) {
  const TypeRef given = infer(*field.value, env);
  const bool known = given->kind == Kind::Record || given->kind == Kind::Node;
  have.complete = have.complete && known;
  for (const TypeField& one : given->fields) {
    have.names.push_back(one.name);
    const TypeField* want = type->kind == Kind::Record ? type->field(one.name) : nullptr;
    const TypeRef target = want ? want->type : type->kind == Kind::Map ? type->item : nullptr;
    if (target && !fits(*one.type, *target)) {
      mismatch(*field.value, *one.type, *target, {slot.inside(one.name), {}}, env);
    }
  }
  const bool is_map =
      given->kind == Kind::Map || given->kind == Kind::Union || given->kind == Kind::Data;
  const bool fine = known || is_map || given->kind == Kind::Any;
  if (!fine || (type->kind == Kind::Map && is_map && !fits(*given, *type))) {
    mismatch(*field.value, *given, *type, slot, env);
  }
}

void Checker::check_record_field(const ast::Field& field, const TypeRef& type, const Slot& slot,
                                 CheckEnv& env) {
  const std::string name(field.name.text);
  if (type->kind == Kind::Map) {
    Slot inner = slot.element(*type);
    inner.field = name;
    return check(*field.value, type->item, inner, env);
  }
  const TypeField* want = type->field(name);
  if (want) return check(*field.value, want->type, {slot.inside(name), name}, env);
  infer(*field.value, env);
  std::vector<std::string> known;
  known.reserve(type->fields.size());
  for (const TypeField& one : type->fields)
    known.push_back(one.name);
  const std::optional<std::string> near = nearest(name, known);
  Diagnostic& fault =
      error("E111", field.name.range, fmt::format("there is no field `{}` here", name),
            near ? fmt::format("did you mean `{}`?", *near) : "no such field");
  fault.helps.push_back(fmt::format("{} has {}", slot.what.empty() ? "the record" : slot.what,
                                    fmt::join(known, ", ")));
}

/// A quoted literal where a path is expected is a name; where a set is expected it must be in it.
bool Checker::check_string(const ast::Expr& expr, const ast::StringLit& string,
                           const TypeRef& expected, CheckEnv& env) {
  if (!pick(expected, {Kind::Path})) return false;
  if (pick(expected, {Kind::String, Kind::Literal})) return false;
  infer_string(expr, string, env);
  check_path_text(expr, env);
  return true;
}

/// A name for an output or in an archive stays below the place it is relative to.
void Checker::check_path_text(const ast::Expr& expr, const CheckEnv&) {
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

TypeRef Checker::infer_list(const ast::List& list, CheckEnv& env) {
  std::vector<TypeRef> items;
  for (const ast::ListItem& item : list.items) {
    const TypeRef type = infer(*item.value, env);
    if (!item.spread || type->kind == Kind::Any || type->kind == Kind::Data) {
      items.push_back(type);
    } else if (type->kind == Kind::List || type->kind == Kind::Family) {
      items.push_back(type->item);
    } else {
      error("E105", item.value->range, "only a list can be spread into a list", brief(*type))
          .helps.emplace_back("without the dots it is one element");
      items.push_back(simple(Kind::Any));
    }
  }
  return list_of(union_of(items));
}

TypeRef Checker::infer_record(const ast::Record& record, CheckEnv& env) {
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
  return map_of(union_of(map_items));
}

TypeRef Checker::infer_string(const ast::Expr& expr, const ast::StringLit& string, CheckEnv& env) {
  if (const std::string* text = plain_text(expr)) return literal(*text);
  for (const ast::Piece& piece : string.pieces) {
    if (piece.hole) check_hole_in_text(*piece.hole, env, "a string");
  }
  return simple(Kind::String);
}

TypeRef Checker::infer_path(const ast::PathLit& path, CheckEnv& env) {
  for (const ast::Piece& piece : path.pieces) {
    if (piece.hole) check_hole_in_text(*piece.hole, env, "a path");
  }
  if (path.has_wildcard) return list_of(simple(Kind::File));
  return simple(path.is_folder ? Kind::Tree : Kind::File);
}

/// What can be written into an evaluated text.
void Checker::check_hole_in_text(const ast::Expr& hole, CheckEnv& env, std::string_view where) {
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
