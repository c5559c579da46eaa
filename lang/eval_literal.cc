/// Literals: strings, paths and globs, lists, records, comprehensions.

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/eval.h"

namespace devgraph::lang {
namespace {

bool accepts(const Type* type, Kind kind) {
  if (type == nullptr) return false;
  if (type->kind == kind) return true;
  if (type->kind == Kind::Optional || type->kind == Kind::List)
    return accepts(type->item.get(), kind);
  if (type->kind != Kind::Union) return false;
  for (const TypeRef& item : type->items) {
    if (accepts(item.get(), kind)) return true;
  }
  return false;
}

/// True where a path literal means a name and not its content.
bool wants_path(const Type* type) {
  return accepts(type, Kind::Path) && !accepts(type, Kind::File) && !accepts(type, Kind::Tree);
}

/// The type of the elements of a list literal.
const Type* item_type(const Type* type) {
  if (type == nullptr) return nullptr;
  if (type->kind == Kind::Optional) return item_type(type->item.get());
  if (type->kind == Kind::List) return type->item.get();
  if (type->kind != Kind::Union) return nullptr;
  for (const TypeRef& item : type->items) {
    if (item->kind == Kind::List) return item->item.get();
  }
  return nullptr;
}

/// Where a glob, a family or a list stands for its elements.
bool holds_content(const Type* type) {
  return accepts(type, Kind::File) || accepts(type, Kind::Tree) || accepts(type, Kind::Node) ||
         (type != nullptr && type->kind == Kind::Record);
}

const Type* field_type(const Type* type, std::string_view name) {
  if (type == nullptr) return nullptr;
  switch (type->kind) {
    case Kind::Optional:
      return field_type(type->item.get(), name);
    case Kind::Map:
      return type->item.get();
    case Kind::Record: {
      const TypeField* field = type->field(name);
      return field ? field->type.get() : nullptr;
    }
    case Kind::Union:
      for (const TypeRef& item : type->items) {
        const Type* found = field_type(item.get(), name);
        if (found) return found;
      }
      return nullptr;
    default:
      return nullptr;
  }
}

}  // namespace

std::optional<std::string> Evaluator::hole_text(const ast::Expr& hole, const Env& env) {
  const Value value = plain(eval(hole, env, nullptr));
  if (value.is_error()) return std::nullopt;
  std::string text;
  if (scalar_text(value, text)) return text;
  const bool is_content = value.is(ValueKind::File) || value.is(ValueKind::Tree) ||
                          value.is(ValueKind::Output) || value.is(ValueKind::Node);
  fault("E415", hole.range, fmt::format("{} cannot stand in a string", kind_name(value)),
        kind_name(value),
        is_content
            ? "its path is known only when the node runs: put it into `env`, `argv` or the script"
            : "only a string, int, bool or version has a text");
  return std::nullopt;
}

std::optional<std::string> Evaluator::text_of(const std::vector<ast::Piece>& pieces,
                                              const Env& env) {
  std::string text;
  for (const ast::Piece& piece : pieces) {
    if (piece.hole == nullptr) {
      text += piece.text;
      continue;
    }
    const std::optional<std::string> part = hole_text(*piece.hole, env);
    if (!part) return std::nullopt;
    text += *part;
  }
  return text;
}

Value Evaluator::eval_string(const ast::StringLit& literal, const Env& env, const Type* expected,
                             Range at) {
  std::optional<std::string> text = text_of(literal.pieces, env);
  if (!text) return Value::error();
  if (!accepts(expected, Kind::Path) || accepts(expected, Kind::String))
    return Value::string(std::move(*text));
  // A quoted literal where a path is expected: a name without content.
  const bool is_folder = text->ends_with('/');
  std::optional<std::string> name = relative_name(*text);
  if (!name) {
    return fault("E417", at, fmt::format("`{}` is no relative path", printable(*text)),
                 "leaves its folder", "a path is relative and has no `..`");
  }
  if (is_folder && !name->empty()) *name += '/';
  return Value::path(std::move(*name), false);
}

std::optional<std::string> relative_name(std::string_view text) {
  if (text.starts_with('/')) return std::nullopt;
  for (std::string_view part : split(text, '/')) {
    if (part == "..") return std::nullopt;
  }
  return canonical(text);
}

Value Evaluator::eval_path(const ast::PathLit& literal, const Env& env, const Type* expected,
                           Range at, bool maybe) {
  std::string pattern =
      literal.from_workspace ? std::string() : glob_quote(env.frame->module->folder);
  if (!pattern.empty()) pattern += '/';
  for (std::size_t i = 0; i < literal.pieces.size(); ++i) {
    const ast::Piece& piece = literal.pieces[i];
    if (piece.hole == nullptr) {
      const bool quoted = i < literal.quoted.size() && literal.quoted[i];
      for (char c : piece.text) {
        // Outside quotes `*` and `?` are wildcards; a backslash is a byte like any other.
        if (quoted || c == '\\')
          pattern += glob_quote(std::string_view(&c, 1));
        else
          pattern += c;
      }
      continue;
    }
    const std::optional<std::string> text = hole_text(*piece.hole, env);
    if (!text) return Value::error();
    pattern += glob_quote(*text);
  }
  return path_value(pattern, literal.is_folder, expected, at, maybe);
}

Value Evaluator::path_value(const std::string& pattern, bool is_folder, const Type* expected,
                            Range at, bool maybe) {
  const std::optional<std::string> clean = relative_name(pattern);
  if (!clean) {
    return fault("E417", at, "a source path never goes through `..`, and has no NUL",
                 "leaves its folder", "write it from the workspace: //folder/name");
  }
  if (has_wildcard(*clean)) return glob_value(*clean, at, maybe);
  std::string path = glob_unquote(*clean);
  if (wants_path(expected)) {
    if (is_folder && !path.empty()) path += '/';
    return Value::path(std::move(path), true);
  }
  if (maybe && !world_.exists(path)) return Value();
  auto object = std::make_shared<FileObject>();
  object->path = std::move(path);
  object->written = at;
  return Value(is_folder ? ValueKind::Tree : ValueKind::File, 0, std::move(object));
}

Value Evaluator::glob_value(const std::string& pattern, Range at, bool maybe) {
  const GlobResult result = world_.glob(pattern);
  if (!result.refused.empty()) {
    return fault(
        "E403", at,
        fmt::format("this glob matches `{}`, which is no file", printable(result.refused[0])),
        "a fifo, socket or device",
        "only regular files have content that can be a key; narrow the glob");
  }
  if (result.files.empty() && !maybe) {
    Diagnostic* said = report("E402", at, "this glob matches nothing");
    if (said && said->where) {
      const std::string_view written = sources_.text(at.source).substr(at.begin, at.end - at.begin);
      std::optional<std::string> from;
      if (written.starts_with("./")) from = parent_path(sources_.name(at.source));
      said->helps = world_.glob_helps(pattern, from);
      said->where->label = said->helps.empty() ? "" : said->helps.front();
      if (!said->helps.empty()) said->helps.erase(said->helps.begin());
      said->helps.push_back(fmt::format("if it may be empty, write maybe({})", written));
    }
    return Value::error();
  }
  const std::string base = glob_fixed_part(pattern);
  const auto glob = std::make_shared<const std::string>(pattern);
  std::vector<Value> files;
  files.reserve(result.files.size());
  for (const std::string& name : result.files) {
    auto object = std::make_shared<FileObject>();
    object->path = name;
    object->glob_base = base;
    object->glob = glob;
    files.emplace_back(ValueKind::File, 0, std::move(object));
  }
  return Value::list(std::move(files));
}

Value Evaluator::eval_list(const ast::List& list, const Env& env, const Type* expected) {
  const Type* type = item_type(expected);
  std::vector<Value> items;
  for (const ast::ListItem& item : list.items) {
    if (item.spread) {
      Value spread = eval(*item.value, env, nullptr);
      if (spread.is_error()) return spread;
      for (Value& one : elements(spread))
        items.push_back(std::move(one));
      continue;
    }
    // The whole list is converted afterwards; here the type only guides what literals mean.
    Value value = eval_bare(*item.value, env, type);
    if (value.is_error()) return value;
    const bool is_many = value.is(ValueKind::List) || value.is(ValueKind::Family);
    if (is_many && holds_content(type) && type->kind != Kind::List) {
      for (Value& one : elements(value))
        items.push_back(std::move(one));
    } else {
      items.push_back(std::move(value));
    }
  }
  return Value::list(std::move(items));
}

bool Evaluator::add_field(const ast::Field& field, const Env& env, const Type* expected,
                          ValueFields& out) {
  const auto set = [&out](std::string name, Value value) {
    for (auto& [held, old] : out) {
      if (held != name) continue;
      old = std::move(value);
      return;
    }
    out.emplace_back(std::move(name), std::move(value));
  };
  if (field.spread) {
    const Value spread = plain(
        eval(*field.value, env, expected && expected->kind == Kind::Map ? expected : nullptr));
    if (spread.is(ValueKind::Map)) {
      for (const auto& [name, value] : spread.fields())
        set(name, value);
      return true;
    }
    if (!spread.is_error()) {
      fault("E415", field.value->range,
            fmt::format("only a record or map can be spread here, this is {}", kind_name(spread)),
            kind_name(spread));
    }
    return false;
  }
  std::string name(field.name.text);
  if (field.name_expr != nullptr) {
    const std::optional<std::string> text = hole_text(*field.name_expr, env);
    if (!text) return false;
    name = *text;
  }
  const Type* type = field_type(expected, name);
  Value value = eval(*field.value, env, type);
  if (value.is_error()) return false;
  set(std::move(name), std::move(value));
  return true;
}

Value Evaluator::eval_record(const std::vector<ast::Field>& fields, const Env& env,
                             const Type* expected) {
  ValueFields out;
  bool sound = true;
  for (const ast::Field& field : fields)
    sound = add_field(field, env, expected, out) && sound;
  return sound ? Value::map(std::move(out)) : Value::error();
}

/// False if what it goes over, or a condition, is an Error.
bool Evaluator::run_clauses(const std::vector<ast::Clause>& clauses, std::size_t at, const Env& env,
                            const std::function<void(const Env&)>& body) {
  if (at == clauses.size()) {
    body(env);
    return true;
  }
  const ast::Clause& clause = clauses[at];
  const Value source = plain(eval(*clause.in, env, nullptr));
  bool sound = true;
  const auto step = [&](const Value& first, const Value& second) {
    const Binding outer{.name = clause.first.text, .value = first, .next = env.locals};
    const Binding inner{.name = clause.second ? clause.second->text : std::string_view(),
                        .value = second,
                        .next = &outer};
    Env here = env;
    here.locals = clause.second ? &inner : &outer;
    const std::optional<bool> holds =
        clause.condition ? eval_condition(*clause.condition, here) : true;
    sound = sound && holds;
    if (holds.value_or(false)) sound = run_clauses(clauses, at + 1, here, body) && sound;
  };
  if (source.is(ValueKind::Map)) {
    for (const auto& [name, value] : source.fields())
      step(Value::string(name), value);
  } else if (source.is(ValueKind::List) || source.is(ValueKind::Family)) {
    std::int64_t index = 0;
    for (const Value& item : elements(source)) {
      if (clause.second)
        step(Value::integer(index++), item);
      else
        step(item, Value());
    }
  } else {
    sound = false;
    if (source.is_error()) return sound;
    fault("E415", clause.in->range,
          fmt::format("`for` goes over a list, map or family, this is {}", kind_name(source)),
          kind_name(source));
  }
  return sound;
}

Value Evaluator::eval_list_comp(const ast::ListComp& comp, const Env& env, const Type* expected) {
  const Type* type = item_type(expected);
  std::vector<Value> items;
  bool sound = true;
  const bool all = run_clauses(comp.clauses, 0, env, [&](const Env& here) {
    Value value = eval_bare(*comp.value, here, type);
    sound = sound && !value.is_error();
    const bool is_many = value.is(ValueKind::List) || value.is(ValueKind::Family);
    if (is_many && holds_content(type) && type->kind != Kind::List) {
      for (Value& one : elements(value))
        items.push_back(std::move(one));
    } else {
      items.push_back(std::move(value));
    }
  });
  return sound && all ? Value::list(std::move(items)) : Value::error();
}

Value Evaluator::eval_map_comp(const ast::MapComp& comp, const Env& env, const Type* expected) {
  ValueFields fields;
  std::set<std::string> seen;
  bool sound = true;
  const bool all = run_clauses(comp.clauses, 0, env, [&](const Env& here) {
    const std::optional<std::string> key = hole_text(*comp.key, here);
    if (!key) {
      sound = false;
      return;
    }
    Value value = eval(*comp.value, here, field_type(expected, *key));
    sound = sound && !value.is_error();
    if (!seen.insert(*key).second) {
      fault("E412", comp.key->range, fmt::format("the key `{}` is made twice", printable(*key)),
            "made twice");
      sound = false;
    }
    fields.emplace_back(*key, std::move(value));
  });
  return sound && all ? Value::map(std::move(fields)) : Value::error();
}

}  // namespace devgraph::lang
