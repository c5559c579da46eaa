#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/signature_type.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

/// `join(sep: string, xs: [string])`, for messages.
std::string shown(const Builtin& fn) {
  std::vector<std::string> parts;
  for (const BuiltinParameter& one : fn.parameters) {
    const std::string fallback = one.fallback.empty() ? "" : fmt::format(" = {}", one.fallback);
    parts.push_back(one.type == "any" ? std::string(one.name)
                                      : fmt::format("{}: {}{}", one.name, one.type, fallback));
  }
  return fmt::format("{}({})", fn.name, fmt::join(parts, ", "));
}

/// `git.commit_of` for a callee that is a name or a member of one; else empty.
std::string callee_name(const ast::Expr& callee) {
  return narrowing_key(callee);
}

bool holds_content(const Type& type) {
  switch (type.kind) {
    case Kind::File:
    case Kind::Tree:
    case Kind::Text:
    case Kind::Node:
      return true;
    case Kind::List:
    case Kind::Map:
    case Kind::Optional:
    case Kind::Family:
      return holds_content(*type.item);
    case Kind::Union:
      return std::ranges::any_of(type.items, [](const TypeRef& t) { return holds_content(*t); });
    default:
      return false;
  }
}

bool can_be_sorted(const Type& item) {
  switch (item.kind) {
    case Kind::Any:
    case Kind::Never:
    case Kind::String:
    case Kind::Literal:
    case Kind::Int:
    case Kind::Version:
    case Kind::Duration:
    case Kind::Size:
    case Kind::Data:
      return true;
    case Kind::Union:
      return std::ranges::all_of(item.items,
                                 [](const TypeRef& t) { return t->kind == Kind::Literal; });
    default:
      return false;
  }
}

}  // namespace

bool Checker::is_builtin_call(const ast::Expr& expr, std::string_view name,
                              const CheckEnv& env) const {
  const auto* call = std::get_if<ast::Call>(&expr.value);
  return call && callee_name(*call->callee) == name && !program_.find_function(*env.module, name);
}

TypeRef Checker::infer_call(const ast::Expr& expr, const ast::Call& it, CheckEnv& env) {
  const std::string name = callee_name(*it.callee);
  const bool is_plain = std::holds_alternative<ast::Name>(it.callee->value);
  const auto infer_args = [&] {
    for (const ast::Arg& arg : it.args)
      infer(*arg.value, env);
    return simple(Kind::Any);
  };
  if (is_plain) {
    const Symbol symbol = program_.find_function(*env.module, name);
    if (symbol) return call_fn(expr, it, symbol, env);
  }
  const Builtin* builtin = find_builtin(name);
  if (builtin && (is_plain || name.starts_with("git.")))
    return call_builtin(expr, it, *builtin, env);
  if (!is_plain) {
    infer(*it.callee, env);
    error("E105", it.callee->range, "only a function can be called", "this is a value");
    return infer_args();
  }
  if (may_be_broken(*env.module, name)) return infer_args();
  std::vector<std::string> known;
  for (const Builtin& one : builtins())
    known.emplace_back(one.name);
  for (const auto& [one, symbol] : env.module->scope.functions)
    known.emplace_back(one);
  std::ranges::sort(known);
  const std::optional<std::string> near = nearest(name, known);
  std::string label =
      near ? fmt::format("no such function; did you mean `{}`?", *near) : "no such function";
  std::string help;
  if (program_.find_rule(*env.module, name)) {
    label = "this is a rule, not a function";
    help = fmt::format("write  {} {{ … }}", name);
  } else if (find(name, env)) {
    label = "this is a value, not a function";
  }
  Diagnostic& fault =
      error("E206", it.callee->range, fmt::format("unknown function `{}`", printable(name)), label);
  if (!help.empty()) fault.helps.push_back(help);
  return infer_args();
}

/// One expression for each parameter, null for those left out; none if the call cannot be
/// understood.
std::optional<std::vector<const ast::Expr*>> Checker::bind_args(
    const ast::Expr& expr, const ast::Call& it, std::string_view name,
    const std::vector<std::pair<std::string_view, bool>>& parameters, CheckEnv& env) {
  std::vector<const ast::Expr*> bound(parameters.size(), nullptr);
  std::size_t next = 0;
  bool good = true;
  const Builtin* builtin = program_.find_function(*env.module, name) ? nullptr : find_builtin(name);
  const auto refuse = [&](Range range, std::string message, std::string label) {
    good = false;
    Diagnostic& fault = error("E109", range, std::move(message), std::move(label));
    if (builtin) fault.helps.push_back(shown(*builtin));
  };
  for (const ast::Arg& arg : it.args) {
    std::size_t slot = parameters.size();
    if (arg.spread || arg.in) {
      refuse(arg.range, fmt::format("`{}` takes its arguments one by one", name),
             "a spread cannot stand here");
    } else if (arg.name) {
      const auto at = std::ranges::find_if(
          parameters, [&](const auto& p) { return p.first == arg.name->text; });
      slot = static_cast<std::size_t>(at - parameters.begin());
      if (at == parameters.end()) {
        std::vector<std::string> known;
        known.reserve(parameters.size());
        for (const auto& [one, optional] : parameters)
          known.emplace_back(one);
        const std::optional<std::string> near = nearest(arg.name->text, known);
        refuse(arg.name->range, fmt::format("`{}` has no parameter `{}`", name, arg.name->text),
               near ? fmt::format("did you mean `{}`?", *near) : "no such parameter");
      } else if (bound[slot]) {
        refuse(arg.name->range, fmt::format("`{}` is given twice", arg.name->text),
               "given again here");
      }
    } else if (next < parameters.size()) {
      slot = next++;
      if (bound[slot])
        refuse(arg.range, fmt::format("`{}` is given twice", parameters[slot].first),
               "given again here");
    } else {
      refuse(arg.range,
             fmt::format("`{}` takes {} argument{}", name, parameters.size(),
                         parameters.size() == 1 ? "" : "s"),
             "one too many");
    }
    if (slot < parameters.size()) {
      bound[slot] = arg.value;
    } else {
      infer(*arg.value, env);
    }
  }
  for (std::size_t i = 0; good && i < parameters.size(); ++i) {
    if (bound[i] || parameters[i].second) continue;
    refuse(expr.range, fmt::format("`{}` needs the argument `{}`", name, parameters[i].first),
           "missing here");
  }
  if (!good) return std::nullopt;
  return bound;
}

TypeRef Checker::call_fn(const ast::Expr& expr, const ast::Call& it, const Symbol& symbol,
                         CheckEnv& env) {
  note_use(symbol, it.callee->range, env);
  const auto& fn = std::get<ast::Fn>(symbol.decl->value);
  std::vector<std::pair<std::string_view, bool>> parameters;
  std::vector<TypeRef> types;
  for (const ast::Parameter& one : fn.parameters) {
    types.push_back(declared(*symbol.module, *one.type));
    parameters.emplace_back(one.name.text, one.value || types.back()->kind == Kind::Optional);
  }
  const auto bound = bind_args(expr, it, fn.name.text, parameters, env);
  if (bound) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (!(*bound)[i]) continue;
      check(*(*bound)[i], types[i], {fmt::format("{}({})", fn.name.text, parameters[i].first), {}},
            env);
    }
  }
  return fn_result(symbol);
}

bool Checker::check_place(const ast::Expr& expr, const Builtin& fn, const CheckEnv& env) {
  if (fn.place == BuiltinPlace::Manifest && env.module->kind != ModuleKind::Project) {
    error("E302", expr.range, fmt::format("`{}` is for manifests only", fn.name),
          "a library gets such values as arguments")
        .helps.emplace_back("add a parameter, and pass the value where the rule is used");
    return false;
  }
  if (fn.place == BuiltinPlace::Words && !env.words) {
    error("E105", expr.range, fmt::format("`{}` makes words of a command", fn.name),
          "stands outside of a script")
        .helps.push_back(fmt::format("write it into a script:  $ tool {{{}(…)}}", fn.name));
    return false;
  }
  const bool script_only = fn.id == BuiltinId::Raw || fn.id == BuiltinId::Rsp;
  if (script_only && !env.script) {
    error("E105", expr.range, fmt::format("`{}` works in a script only", fn.name),
          "`argv` has no shell and no limit on a line");
    return false;
  }
  return true;
}

TypeRef Checker::call_builtin(const ast::Expr& expr, const ast::Call& it, const Builtin& fn,
                              CheckEnv& env) {
  if (!check_place(expr, fn, env)) {
    for (const ast::Arg& arg : it.args)
      infer(*arg.value, env);
    return simple(Kind::Any);
  }
  if (fn.id == BuiltinId::Has && it.args.size() == 1) return call_has(expr, it, env);
  if (fn.id == BuiltinId::Maybe) return call_maybe(expr, it, env);
  std::vector<std::pair<std::string_view, bool>> parameters;
  parameters.reserve(fn.parameters.size());
  for (const BuiltinParameter& one : fn.parameters) {
    parameters.emplace_back(one.name, !one.fallback.empty());
  }
  const auto bound = bind_args(expr, it, fn.name, parameters, env);
  if (!bound) return builtin_result(fn, {}, {}, env);
  std::vector<TypeRef> types(bound->size());
  for (std::size_t i = 0; i < bound->size(); ++i) {
    const ast::Expr* arg = (*bound)[i];
    if (!arg) continue;
    const TypeRef want = parse_signature_type(fn.parameters[i].type);
    const Slot slot{fmt::format("{}({})", fn.name, fn.parameters[i].name), {}};
    if (!has_variable(*want) && want->kind != Kind::Any) check(*arg, want, slot, env);
    // The type once more, without reports, where the result depends on it.
    const bool again = !has_variable(*want) && want->kind != Kind::Any;
    Diagnostics quiet;
    Diagnostics* const before = again ? std::exchange(found_, &quiet) : nullptr;
    types[i] = infer(*arg, env);
    if (again) found_ = before;
    if (!again && !fits(*types[i], *want)) mismatch(*arg, *types[i], *want, slot, env);
  }
  return builtin_result(fn, *bound, types, env);
}

TypeRef Checker::builtin_result(const Builtin& fn, const std::vector<const ast::Expr*>& args,
                                const std::vector<TypeRef>& types, CheckEnv& env) {
  std::map<std::string, TypeRef> bound;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i]) bind_variables(parse_signature_type(fn.parameters[i].type), types[i], bound);
  }
  TypeRef result = with_variables(parse_signature_type(fn.result), bound);
  if (types.empty()) return result;
  switch (fn.id) {
    case BuiltinId::Len: {
      const Kind kind = without_none(types[0])->kind;
      const bool counts = kind == Kind::List || kind == Kind::Map || kind == Kind::Record ||
                          kind == Kind::String || kind == Kind::Literal || kind == Kind::Family ||
                          kind == Kind::Data || kind == Kind::Any || kind == Kind::Union;
      if (types[0]->kind == Kind::Optional) {
        may_be_none(*args[0], *types[0]);
      } else if (!counts) {
        error("E102", args[0]->range, fmt::format("{} has no length", a_type(*types[0])),
              brief(*types[0]))
            .helps.emplace_back("len counts a list, a map, a record, a family or a string");
      }
      return result;
    }
    case BuiltinId::Keys: {
      const TypeRef& map = types[0];
      if (map->kind != Kind::Record || map->fields.empty()) return result;
      std::vector<TypeRef> keys;
      keys.reserve(map->fields.size());
      for (const TypeField& field : map->fields)
        keys.push_back(literal(field.name));
      return list_of(union_of(keys));
    }
    case BuiltinId::Sort:
      if (result->item && !can_be_sorted(*result->item)) {
        error("E102", args[0]->range, fmt::format("`{}` has no order", show(*result->item)),
              brief(*types[0]))
            .helps.emplace_back("strings, ints, versions, durations and sizes can be sorted");
      }
      return result;
    case BuiltinId::Join:
      return types[1] && holds_content(*types[1]) ? simple(Kind::Text) : result;
    case BuiltinId::Prefix:
      return types[1] && holds_content(*types[1]) ? list_of(simple(Kind::Text)) : result;
    case BuiltinId::Suffix:
      return types[0] && holds_content(*types[0]) ? list_of(simple(Kind::Text)) : result;
    default:
      (void)env;
      return result;
  }
}

/// has(app[py = "3.9"]): whether the family has the cell.
TypeRef Checker::call_has(const ast::Expr& expr, const ast::Call& it, CheckEnv& env) {
  const ast::Expr& arg = *it.args.front().value;
  const auto* index = std::get_if<ast::Index>(&arg.value);
  if (!index || infer(*index->base, env)->kind != Kind::Family) {
    const TypeRef type = infer(arg, env);
    if (type->kind != Kind::Any) {
      error("E109", expr.range, "`has` asks a map for a key, or a family for a cell", brief(*type))
          .helps.emplace_back("write  has(m, \"key\")  or  has(app[py = \"3.9\"])");
    }
    return simple(Kind::Bool);
  }
  infer(arg, env);
  return simple(Kind::Bool);
}

TypeRef Checker::call_maybe(const ast::Expr& expr, const ast::Call& it, CheckEnv& env) {
  const auto bound = bind_args(expr, it, "maybe", {{"path", false}}, env);
  if (!bound) return simple(Kind::Any);
  const ast::Expr& arg = *bound->front();
  const TypeRef type = infer(arg, env);
  const auto* join = std::get_if<ast::Binary>(&arg.value);
  const bool is_path =
      std::holds_alternative<ast::PathLit>(arg.value) || (join && join->op == ast::BinaryOp::Join);
  if (!is_path && type->kind != Kind::Any) {
    Diagnostic& fault = error(
        "E102", arg.range, fmt::format("`maybe` needs a path or a glob, this is {}", a_type(*type)),
        brief(*type));
    if (plain_text(arg))
      fault.helps.push_back(fmt::format("write  maybe(./{})", printable(*plain_text(arg))));
    return simple(Kind::Any);
  }
  return type->kind == Kind::List || type->kind == Kind::Any ? type : optional_of(type);
}

}  // namespace devgraph::lang
