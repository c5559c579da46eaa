/// Indices that choose among the cells of a family, and what is taken of each cell.

#include <algorithm>

#include <fmt/format.h>

#include "lang/eval.h"

namespace devgraph::lang {

namespace {

std::vector<std::string> axis_names(const Family& family) {
  std::vector<std::string> names;
  names.reserve(family.axes.size());
  for (const FamilyAxis& axis : family.axes)
    names.push_back(axis.name);
  return names;
}

std::string bracketed(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, ", "));
}

/// The cells that the choices leave, in order, without a walk over all cells of the family.
void combine(const Family& family, const std::vector<AxisChoice>& choices, std::size_t axis,
             std::uint64_t coordinate, std::vector<std::uint32_t>& out) {
  if (axis == choices.size()) {
    const auto at = family.by_coordinate.find(coordinate);
    if (at != family.by_coordinate.end()) out.push_back(at->second);
    return;
  }
  const FamilyAxis& one = family.axes[axis];
  if (const auto& wanted = choices[axis].values) {
    for (const std::uint32_t value : *wanted)
      combine(family, choices, axis + 1, coordinate + value * one.stride, out);
    return;
  }
  for (std::uint64_t value = 0; value < one.values.size(); ++value)
    combine(family, choices, axis + 1, coordinate + value * one.stride, out);
}

bool chosen(const Family& family, const Cell& cell, const std::vector<AxisChoice>& choices) {
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const auto& wanted = choices[i].values;
    if (!wanted) continue;
    const std::uint64_t value =
        (cell.coordinate / family.axes[i].stride) % family.axes[i].values.size();
    if (std::ranges::find(*wanted, value) == wanted->end()) return false;
  }
  return true;
}

/// The number of the axis; the count of axes if the family has none of that name.
std::size_t axis_number(const Family& family, std::string_view name) {
  std::size_t axis = 0;
  while (axis < family.axes.size() && family.axes[axis].name != name)
    ++axis;
  return axis;
}

}  // namespace

/// A family whose cells hold families of their own stands for the cells of all of them.
std::vector<Value> Evaluator::handles(const Value& value) {
  const FamilyObject& object = value.as<FamilyObject>();
  std::vector<Value> all;
  all.reserve(object.cells.size());
  for (const std::uint32_t number : object.cells) {
    Value one = take(object.family->cells[number], object.path, object.family->range);
    if (one.is_error()) return {};
    if (!one.is(ValueKind::Family)) {
      all.push_back(std::move(one));
      continue;
    }
    for (Value& inner : handles(one))
      all.push_back(std::move(inner));
  }
  return all;
}

/// What the steps of a family give for one of its cells.
Value Evaluator::take(Cell& cell, const std::vector<FamilyStep>& path, Range at) {
  Value one = handle(cell);
  for (const FamilyStep& step : path) {
    one = step.field.empty() ? pick_cells(one, step.picks, at, false)
                             : member_of(one, step.field, false, at);
  }
  return one;
}

/// What one argument of an index asks for; none if it was reported.
std::optional<AxisPick> Evaluator::pick_of(const ast::Arg& arg, const Family& family,
                                           const Env& env) {
  const auto* word = std::get_if<ast::Name>(&arg.value->value);
  const std::string_view bare = word ? word->text : std::string_view();
  AxisPick pick{std::string(arg.name ? arg.name->text : bare), arg.in, {}, arg.range};
  const Value given = plain(eval(*arg.value, env, nullptr));
  if (given.is_error()) return std::nullopt;
  if (!arg.in && given.is(ValueKind::List)) {
    fault("E503", arg.range, fmt::format("`{}` is a list here; one value is needed", pick.axis),
          "outside of a cell", fmt::format("for all of them write  {}", family.name));
    return std::nullopt;
  }
  pick.values = arg.in ? elements(given) : std::vector<Value>{given};
  return pick;
}

/// Adds a choice to those of its axis; false if it was reported.
bool Evaluator::choose(const Family& family, const AxisPick& pick, std::vector<AxisChoice>& choices,
                       bool asks) {
  const std::size_t axis = axis_number(family, pick.axis);
  if (axis == family.axes.size()) {
    fault("E501", pick.range,
          fmt::format("`{}` has axes {}; `{}` is not one of them", family.name,
                      bracketed(axis_names(family)), pick.axis),
          "no such axis");
    return false;
  }
  const FamilyAxis& one = family.axes[axis];
  AxisChoice& choice = choices[axis];
  choice.values.emplace();
  choice.fixed = !pick.several;
  for (const Value& value : pick.values) {
    const auto found = one.index.find(axis_key(value));
    if (found != one.index.end()) {
      choice.values->push_back(found->second);
    } else if (!asks) {
      fault("E502", pick.range,
            fmt::format("{} is not a value of the axis `{}`", show(value), one.name), show(value),
            fmt::format("its values are {}", show(Value::list(one.values))));
      return false;
    }
  }
  std::sort(choice.values->begin(), choice.values->end());
  choice.values->erase(std::unique(choice.values->begin(), choice.values->end()),
                       choice.values->end());
  return true;
}

Value Evaluator::no_such_cell(const Family& family, Range at) {
  const auto* node = std::get_if<ast::Node>(&family.decl->value);
  Diagnostic* said =
      report("E503", at, fmt::format("`{}` has no such cell", family.name), "left out");
  if (said && node->where) {
    const Range where = node->where->range;
    said->helps.push_back(
        fmt::format("its cells are those  where {}",
                    sources_.text(where.source).substr(where.begin, where.end - where.begin)));
    said->also.push_back({where, "the filter"});
  }
  return Value::error();
}

Value Evaluator::index_family(const Value& base, const ast::Index& index, const Env& env, Range at,
                              bool asks) {
  std::vector<AxisPick> picks;
  for (const ast::Arg& arg : index.args) {
    std::optional<AxisPick> pick = pick_of(arg, *base.as<FamilyObject>().family, env);
    if (!pick) return Value::error();
    picks.push_back(std::move(*pick));
  }
  return pick_cells(base, picks, at, asks);
}

Value Evaluator::pick_cells(const Value& base, const std::vector<AxisPick>& picks, Range at,
                            bool asks) {
  if (base.is_error()) return base;
  if (!base.is(ValueKind::Family)) {
    return fault("E501", at, "this has no axes", kind_name(base));
  }
  const FamilyObject& from = base.as<FamilyObject>();
  Family& family = *from.family;
  auto object = std::make_shared<FamilyObject>();
  object->family = &family;
  object->path = from.path;
  object->fixed = from.fixed;
  std::vector<AxisChoice> choices(family.axes.size());
  FamilyStep inner;  // Axes that the family itself lacks are those of what its cells hold.
  for (const AxisPick& pick : picks) {
    if (!from.path.empty() && axis_number(family, pick.axis) == family.axes.size()) {
      inner.picks.push_back(pick);
    } else if (!choose(family, pick, choices, asks)) {
      return Value::error();
    }
  }
  if (!inner.picks.empty()) object->path.push_back(std::move(inner));
  for (std::size_t axis = 0; axis < choices.size(); ++axis) {
    if (choices[axis].fixed) object->fixed |= std::uint64_t{1} << axis;
  }
  if (from.cells.size() == family.cells.size()) {
    combine(family, choices, 0, 0, object->cells);
  } else {
    for (const std::uint32_t number : from.cells) {
      if (chosen(family, family.cells[number], choices)) object->cells.push_back(number);
    }
  }
  if (asks) return Value::boolean(has_cells(*object, at));
  if (object->cells.empty()) return no_such_cell(family, at);
  const bool all_fixed = object->fixed == (std::uint64_t{1} << family.axes.size()) - 1;
  if (!all_fixed) return Value(ValueKind::Family, 0, std::move(object));
  return take(family.cells[object->cells[0]], object->path, at);
}

/// Whether any cell is left; of families in the cells, whether one of them has any.
bool Evaluator::has_cells(const FamilyObject& object, Range at) {
  if (object.path.empty() || object.path.back().field.size() > 0) return !object.cells.empty();
  std::vector<FamilyStep> path = object.path;
  const std::vector<AxisPick> picks = std::move(path.back().picks);
  path.pop_back();
  return std::ranges::any_of(object.cells, [&](std::uint32_t number) {
    return pick_cells(take(object.family->cells[number], path, at), picks, at, true).is_true();
  });
}

}  // namespace devgraph::lang
