#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool is_axis_value(const Type& type) {
  switch (type.kind) {
    case Kind::Any:
    case Kind::Never:
    case Kind::String:
    case Kind::Literal:
    case Kind::Int:
    case Kind::Bool:
    case Kind::Data:
      return true;
    case Kind::Union:
      return std::ranges::all_of(type.items,
                                 [](const TypeRef& t) { return t->kind == Kind::Literal; });
    default:
      return false;
  }
}

std::vector<std::string> axis_names(const CheckEnv& env) {
  std::vector<std::string> all;
  const auto collect = [&](const Scope& scope) {
    for (const auto& [name, symbol] : scope.values) {
      if (std::holds_alternative<ast::Axis>(symbol.decl->value)) all.emplace_back(name);
    }
  };
  collect(env.module->scope);
  const auto own =
      env.owner ? env.module->rule_scopes.find(env.owner) : env.module->rule_scopes.end();
  if (own != env.module->rule_scopes.end()) collect(own->second);
  std::ranges::sort(all);
  return all;
}

std::vector<std::string> literals_of(const TypeRef& type) {
  std::vector<std::string> all;
  for (const TypeRef& one : alternatives(type)) {
    if (one->kind != Kind::Literal) return {};
    all.push_back(one->text);
  }
  return all;
}

}  // namespace

Checker::AxisInfo Checker::axis_info(const Symbol& symbol) {
  const auto& axis = std::get<ast::Axis>(symbol.decl->value);
  const TypeRef list = type_of(symbol);
  return {list->item ? list->item : simple(Kind::Any), axis.late, std::string(axis.name.text)};
}

/// The list that an axis is outside of families.
TypeRef Checker::axis_list(const Symbol& symbol, const ast::Axis& axis) {
  CheckEnv env = env_for(symbol);
  TypeRef type = infer(*axis.value, env);
  if (type->kind == Kind::Any || type->kind == Kind::Data) {
    return list_of(simple(axis.late && type->kind == Kind::Data ? Kind::String : Kind::Any));
  }
  if (type->kind == Kind::Optional) {
    may_be_none(*axis.value, *type);
    return list_of(simple(Kind::Any));
  }
  if (type->kind != Kind::List || !is_axis_value(*type->item)) {
    Diagnostic& fault =
        error("E505", axis.value->range,
              fmt::format("an axis is a list of strings, ints or bools, this is {}", a_type(*type)),
              brief(*type));
    if (type->kind == Kind::List && fits(*type->item, *simple(Kind::File))) {
      fault.helps.push_back(fmt::format("write  names({})  for the names of the files",
                                        source_text(axis.value->range)));
    }
    if (type->kind == Kind::Map || type->kind == Kind::Record) {
      fault.helps.push_back(fmt::format("write  keys({})", source_text(axis.value->range)));
    }
    return list_of(simple(Kind::Any));
  }
  return type;
}

/// What the value of an axis has to be, beyond being a list; its type is found by type_of.
void Checker::check_axis(const Symbol&, const ast::Axis& axis, CheckEnv& env) {
  if (axis.late) {
    const ast::Expr* call = axis.value;
    while (const auto* member = std::get_if<ast::Member>(&call->value))
      call = member->base;
    const bool is_json = is_builtin_call(*call, "json", env);
    if (!is_json && !is_builtin_call(*axis.value, "names", env) &&
        !is_builtin_call(*axis.value, "lines", env)) {
      Diagnostic& fault =
          error("E506", axis.value->range, "a late axis is decoded by names, lines or json",
                "cannot be computed further");
      fault.helps.emplace_back("write  late axis shard = names(split.out)");
    }
    return;
  }
  const auto* list = std::get_if<ast::List>(&axis.value->value);
  if (!list) return;
  std::unordered_map<std::string, Range> seen;
  for (const ast::ListItem& item : list->items) {
    if (item.spread) continue;
    const std::string* text = plain_text(*item.value);
    const auto* number = std::get_if<ast::IntLit>(&item.value->value);
    if (!text && !number) continue;
    const auto [at, fresh] =
        seen.emplace(text ? *text : std::to_string(number->value), item.value->range);
    if (fresh) continue;
    error("E505", item.value->range,
          fmt::format("the axis `{}` has this value twice", axis.name.text), "written again here")
        .also.push_back({at->second, "first written here"});
  }
}

/// The axes in a family's brackets become values of the cell.
void Checker::add_cell_axes(const ast::Node& node, CheckEnv& env, bool report) {
  std::set<std::string_view> seen;
  std::vector<Local> cell;
  bool all_known = true;
  for (const ast::NodeAxis& one : node.axes) {
    const std::string_view name = one.name.text;
    const Found found = find(name, env);
    const bool is_axis =
        found.symbol && std::holds_alternative<ast::Axis>(found.symbol.decl->value);
    if (!is_axis) {
      all_known = false;
      cell.push_back({name, simple(Kind::Any), Local::Role::Cell, one.name.range});
      if (!report || (!found && may_be_broken(*env.module, name))) continue;
      const std::optional<std::string> near = nearest(name, axis_names(env));
      std::string label = found ? "this is no axis" : "no such axis";
      if (near) label += fmt::format("; did you mean `{}`?", *near);
      Diagnostic& fault =
          error("E501", one.name.range, fmt::format("unknown axis `{}`", printable(name)), label);
      if (found.symbol)
        fault.also.push_back({declared_name(*found.symbol.decl)->range,
                              fmt::format("a {}", kind_word(*found.symbol.decl))});
      if (!near)
        fault.helps.push_back(fmt::format("declare it:  axis {} = [\"…\"]", printable(name)));
      continue;
    }
    note_use(found.symbol, one.name.range, env);
    const AxisInfo info = axis_info(found.symbol);
    cell.push_back({name, info.element, Local::Role::Cell, one.name.range, info.late});
    if (!report) continue;
    if (!seen.insert(name).second) {
      error("E513", one.name.range, fmt::format("the axis `{}` stands here twice", name),
            "written again here");
    }
    if (!one.in) continue;
    if (info.late) {
      error("E506", one.in->range, fmt::format("the late axis `{}` cannot be filtered", name),
            "its values are known only after a node has run");
      continue;
    }
    check_axis_values(*one.in, info.element, name, env);
  }
  if (!all_known) add_meant_axes(cell, env);
  env.locals.insert(env.locals.end(), cell.begin(), cell.end());
}

/// One of the axes that the brackets lack is meant by the word that is none: what the cell does
/// with them cannot be judged.
void Checker::add_meant_axes(std::vector<Local>& cell, const CheckEnv& env) const {
  const auto add = [&](const Scope& scope) {
    for (const auto& [name, symbol] : scope.values) {
      if (!std::holds_alternative<ast::Axis>(symbol.decl->value)) continue;
      const bool is_there =
          std::ranges::any_of(cell, [&](const Local& local) { return local.name == name; });
      if (!is_there) cell.push_back({name, simple(Kind::Any), Local::Role::Cell, {}});
    }
  };
  add(env.module->scope);
  const auto own =
      env.owner ? env.module->rule_scopes.find(env.owner) : env.module->rule_scopes.end();
  if (own != env.module->rule_scopes.end()) add(own->second);
}

void Checker::check_axis_value(const ast::Expr& value, const TypeRef& element,
                               std::string_view axis, CheckEnv& env) {
  const TypeRef type = infer(value, env);
  if (type->kind == Kind::Any || element->kind == Kind::Any || element->kind == Kind::Data ||
      type->kind == Kind::Data)
    return;
  const std::vector<std::string> known = literals_of(element);
  if (type->kind == Kind::Literal && !known.empty()) {
    if (std::ranges::find(known, type->text) != known.end()) return;
    const std::optional<std::string> near = nearest(type->text, known);
    Diagnostic& fault =
        error("E502", value.range,
              fmt::format("the axis `{}` has no value \"{}\"", axis, printable(type->text)),
              near ? fmt::format("did you mean \"{}\"?", *near) : "no such value");
    fault.helps.push_back(fmt::format("its values are {}", show(*element)));
    return;
  }
  if (type->kind == Kind::List) {
    const std::string text(source_text(value.range));
    Diagnostic& fault = error(
        "E507", value.range, fmt::format("one value of the axis `{}` is needed here", axis),
        fmt::format("{}: outside of a family an axis is the list of its values", brief(*type)));
    fault.helps.push_back(fmt::format("write  {} in {}  to take several", axis, text));
    return;
  }
  const bool strings = std::ranges::all_of(alternatives(type), [](const TypeRef& t) {
    return t->kind == Kind::Literal || t->kind == Kind::String;
  });
  const bool both = strings && (element->kind == Kind::String || !known.empty());
  if (!both && !fits(*type, *element))
    mismatch(value, *type, *element, {fmt::format("the axis `{}`", axis), {}}, env);
}

/// `x in [...]`: each has to be a value of the axis.
void Checker::check_axis_values(const ast::Expr& value, const TypeRef& element,
                                std::string_view axis, CheckEnv& env) {
  const auto* list = std::get_if<ast::List>(&value.value);
  if (!list) return check(value, list_of(element), {fmt::format("{} in …", axis), {}}, env);
  for (const ast::ListItem& item : list->items) {
    if (item.spread) {
      infer(*item.value, env);
    } else {
      check_axis_value(*item.value, element, axis, env);
    }
  }
}

/// One argument of an index. Gives the axis that it fixes, empty if it leaves it open; none if it
/// is wrong.
std::optional<std::string> Checker::index_axis(const Type& family, const std::string& base,
                                               const ast::Arg& arg, std::set<std::string>& named,
                                               CheckEnv& env) {
  const ast::Expr& value = *arg.value;
  const Range range = arg.name ? arg.name->range : value.range;
  const auto* word = std::get_if<ast::Name>(&value.value);
  const bool by_name = !arg.name && word;
  std::string axis(arg.name ? arg.name->text : word ? word->text : std::string_view());
  if (axis.empty() || arg.spread) {
    infer(value, env);
    error("E501", arg.range, "an index names its axis",
          fmt::format("`{}` has axes [{}]", base, fmt::join(family.axes, ", ")))
        .helps.push_back(
            fmt::format("write  {}[{} = {}]", base, family.axes.front(), source_text(value.range)));
    return std::nullopt;
  }
  const auto at = std::ranges::find(family.axes, axis);
  if (at == family.axes.end()) {
    if (!by_name) infer(value, env);
    const std::optional<std::string> near = nearest(axis, family.axes);
    error("E501", range,
          fmt::format("`{}` has axes [{}]; `{}` is not one of them", base,
                      fmt::join(family.axes, ", "), printable(axis)),
          near ? fmt::format("did you mean `{}`?", *near) : "no such axis");
    return std::nullopt;
  }
  if (!named.insert(axis).second) {
    error("E513", range, fmt::format("the axis `{}` stands here twice", axis),
          "written again here");
    return std::nullopt;
  }
  const TypeRef element = family.axis_types[static_cast<std::size_t>(at - family.axes.begin())];
  if (arg.in) {
    check_axis_values(value, element, axis, env);
    return "";
  }
  if (!by_name) {
    check_axis_value(value, element, axis, env);
    return axis;
  }
  const Found found = find(axis, env);
  if (found.local || !found.symbol) {
    check_axis_value(value, element, axis, env);
    return axis;
  }
  note_use(found.symbol, range, env);
  const bool single = family.axes.size() == 1;
  Diagnostic& fault = error("E507", range, fmt::format("no cell gives `{}` a value here", axis),
                            "outside of a family an axis is the list of its values");
  fault.helps.push_back(
      single ? fmt::format("write  {}  for all cells, or  {}[{} = …]  for one", base, base, axis)
             : fmt::format("leave `{}` out for all its values, or write  {} = …", axis, axis));
  return axis;
}

TypeRef Checker::index_family(const TypeRef& family, const ast::Index& it, CheckEnv& env) {
  const std::string base = printable(source_text(it.base->range));
  std::set<std::string> named;
  std::set<std::string> fixed;
  bool good = true;
  for (const ast::Arg& arg : it.args) {
    const std::optional<std::string> axis = index_axis(*family, base, arg, named, env);
    good = good && axis;
    if (axis) fixed.insert(*axis);
  }
  if (!good) return simple(Kind::Any);
  std::vector<std::string> axes;
  std::vector<TypeRef> types;
  for (std::size_t i = 0; i < family->axes.size(); ++i) {
    if (fixed.contains(family->axes[i])) continue;
    axes.push_back(family->axes[i]);
    types.push_back(family->axis_types[i]);
  }
  return family_of(family->item, std::move(axes), std::move(types));
}

/// A late axis is decoded from nodes that need none decoded later: no turning round.
void Checker::check_late_stratum(const Symbol& symbol) {
  std::vector<const ast::Decl*> todo = {symbol.decl};
  std::set<const ast::Decl*> seen = {symbol.decl};
  while (!todo.empty()) {
    const ast::Decl* at = todo.back();
    todo.pop_back();
    for (const auto* uses : {&uses_, &lazy_uses_}) {
      const auto found = uses->find(at);
      if (found == uses->end()) continue;
      for (const lang::Use& use : found->second) {
        const auto* other = std::get_if<ast::Axis>(&use.target->value);
        const bool later = other && other->late &&
                           use.target->range.source == symbol.decl->range.source &&
                           use.target->range.begin >= symbol.decl->range.begin;
        if (later) {
          Diagnostic& fault = error(
              "E509", declared_name(*symbol.decl)->range,
              fmt::format("the late axis `{}` is read from nodes that need {}",
                          declared_name(*symbol.decl)->text,
                          use.target == symbol.decl
                              ? "it"
                              : fmt::format("`{}`, which is decoded later", other->name.text)),
              "would never be known");
          fault.also.push_back({use.range, "needed here"});
          fault.helps.emplace_back(
              "a late axis is read from nodes that have no axis decoded later");
          return;
        }
        if (seen.insert(use.target).second) todo.push_back(use.target);
      }
    }
  }
}

}  // namespace devgraph::lang
