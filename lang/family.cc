/// Families: the cells of a declared node, and indices that choose among them.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/eval.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

// More cells than this are a mistake, not a plan.
constexpr std::uint64_t kMostCells = 20'000'000;

std::string shown_values(const FamilyAxis& axis) {
  return show(Value::list(axis.values));
}

}  // namespace

bool Family::is_waiting() const {
  return std::any_of(axes.begin(), axes.end(), [](const FamilyAxis& axis) {
    return axis.late != nullptr && !axis.late->waits.empty();
  });
}

CellEnv::CellEnv(Cell& cell, std::string_view field) {
  Family& family = *cell.family;
  env_.frame = family.frame;
  env_.owner = &cell;
  env_.field = field;
  if (family.closure) env_.locals = family.closure->env.locals;
  bindings_.reserve(family.axes.size());
  for (std::size_t i = 0; i < family.axes.size(); ++i) {
    bindings_.push_back({family.axes[i].name, family.axis_value(cell, i), env_.locals});
    env_.locals = &bindings_.back();
  }
}

std::vector<Value> Evaluator::axis_values(const Symbol& symbol, Frame& frame) {
  const auto& axis = std::get<ast::Axis>(symbol.decl->value);
  if (axis.late) {
    if (std::optional<std::vector<Value>> values = late_values(symbol, frame))
      return std::move(*values);
  }
  const Value value = eval(*axis.value, {.frame = &frame}, nullptr);
  if (value.is_error()) return {};
  const Value flat = plain(value);
  if (!flat.is(ValueKind::List)) {
    fault("E505", axis.value->range, fmt::format("an axis is a list, this is {}", kind_name(flat)),
          kind_name(flat));
    return {};
  }
  std::set<std::string> seen;
  for (const Value& one : flat.items()) {
    const bool is_plain =
        one.is(ValueKind::String) || one.is(ValueKind::Int) || one.is(ValueKind::Bool);
    if (!is_plain || one.kind() != flat.items()[0].kind()) {
      fault("E505", axis.value->range,
            fmt::format("axis `{}` holds {}", axis.name.text, kind_name(one)), show(one),
            "the values of an axis are strings, ints or bools, all of one type");
      return {};
    }
    if (!seen.insert(axis_key(one)).second) {
      fault("E505", axis.value->range,
            fmt::format("axis `{}` has the value {} twice", axis.name.text, show(one)),
            "not distinct", "write unique(…) around the list");
      return {};
    }
  }
  return flat.items();
}

std::unique_ptr<Family> Evaluator::make_family(const ast::RuleRef& rule, Frame& frame, Range at) {
  auto family = std::make_unique<Family>();
  family->range = at;
  family->frame = &frame;
  family->rule_name = std::string(rule.name.text);
  family->rule = program_.find_rule(*frame.module, rule.name.text);
  if (!family->rule) {
    fault("E203", rule.name.range, fmt::format("unknown rule `{}`", rule.name.text),
          "no such rule");
    return family;
  }
  family->rule_decl = &std::get<ast::Rule>(family->rule.decl->value);
  family->signature = &signature(family->rule);
  family->is_effect = family->rule_decl->effect;
  return family;
}

Family& Evaluator::family_of(const ast::Decl& decl, Frame& frame) {
  std::unique_ptr<Family>& held = frame.families[&decl];
  if (held) return *held;
  const auto& node = std::get<ast::Node>(decl.value);
  held = make_family(node.rule, frame, node.name.range);
  Family& family = *held;
  family.decl = &decl;
  family.block = &node.block;
  family.is_private = node.name.text.starts_with('_');
  const bool is_self = frame.instance != nullptr && node.name.text == "self";
  family.name = is_self ? frame.name : std::string(node.name.text);
  family.label = frame.label.empty() ? family.name
                 : is_self           ? frame.label
                                     : fmt::format("{}/{}", frame.label, node.name.text);
  family.in_effect = frame.rule && frame.rule->effect;
  if (family.in_effect && is_self) family.is_effect = true;
  make_axes(family, node);
  make_cells(family, node);
  return family;
}

void Evaluator::make_axes(Family& family, const ast::Node& node) {
  for (const ast::NodeAxis& written : node.axes)
    make_axis(family, written, node);
  std::uint64_t stride = 1;
  for (std::size_t i = family.axes.size(); i-- > 0;) {
    family.axes[i].stride = stride;
    const std::uint64_t size = family.axes[i].values.size();
    if (size > 0 && stride > kMostCells / size) {
      fault("E504", family.range, fmt::format("`{}` would have too many cells", family.name),
            fmt::format("more than {}", kMostCells));
      family.axes.clear();
      return;
    }
    stride *= size;
  }
}

void Evaluator::make_axis(Family& family, const ast::NodeAxis& written, const ast::Node& node) {
  FamilyAxis axis;
  axis.name = std::string(written.name.text);
  const Symbol symbol = [&] {
    for (Frame* frame = family.frame; frame != nullptr; frame = frame->parent) {
      const auto found = frame->scope->values.find(written.name.text);
      if (found != frame->scope->values.end()) return found->second;
    }
    return Symbol();
  }();
  if (!symbol || !std::holds_alternative<ast::Axis>(symbol.decl->value)) {
    fault("E501", written.name.range, fmt::format("`{}` is not an axis", written.name.text),
          "no such axis", fmt::format("declare it:  axis {} = [\"…\"]", written.name.text));
  } else {
    Frame* home = family.frame;
    while (home->parent != nullptr && !home->scope->values.contains(written.name.text))
      home = home->parent;
    Frame& own = frame_of(symbol, *home);
    const Value all = value_of(symbol, own);
    axis.late = late_axis(symbol, own);
    if (all.is(ValueKind::List)) axis.values = all.items();
  }
  if (written.in != nullptr) {
    std::vector<Value> chosen;
    for (const Value& one : elements(eval(*written.in, {.frame = family.frame}, nullptr))) {
      const auto held = std::find_if(axis.values.begin(), axis.values.end(),
                                     [&](const Value& value) { return equal(value, one); });
      if (held == axis.values.end()) {
        fault("E502", written.in->range,
              fmt::format("{} is not a value of the axis `{}`", show(one), axis.name), show(one),
              fmt::format("its values are {}", shown_values(axis)));
      } else {
        chosen.push_back(*held);
      }
    }
    axis.values = std::move(chosen);
  }
  for (std::uint32_t i = 0; i < axis.values.size(); ++i)
    axis.index.emplace(axis_key(axis.values[i]), i);
  (void)node;
  family.axes.push_back(std::move(axis));
}

void Evaluator::make_cells(Family& family, const ast::Node& node) {
  std::uint64_t count = 1;
  for (const FamilyAxis& axis : family.axes)
    count *= axis.values.size();
  if (node.where == nullptr) family.cells.reserve(count);
  std::vector<std::uint64_t> kept;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (node.where != nullptr) {
      Cell probe;
      probe.family = &family;
      probe.coordinate = i;
      const CellEnv here(probe);
      if (!eval_condition(*node.where, here.env()).value_or(false)) continue;
    }
    kept.push_back(i);
  }
  family.cells.resize(kept.size());
  if (node.has_brackets) family.by_coordinate.reserve(kept.size());
  for (std::uint32_t i = 0; i < kept.size(); ++i) {
    family.cells[i].family = &family;
    family.cells[i].coordinate = kept[i];
    if (node.has_brackets) family.by_coordinate.emplace(kept[i], i);
  }
  const bool axis_is_empty =
      std::any_of(family.axes.begin(), family.axes.end(),
                  [](const FamilyAxis& axis) { return axis.values.empty(); });
  // An effect need not be able to ask, or to undo.
  const bool may_be_absent =
      family.in_effect && (node.name.text == "_probe" || node.name.text == "_revert");
  if (kept.empty() && !axis_is_empty && !may_be_absent) {
    fault("E504", family.range, fmt::format("`{}` has no cells", family.name),
          "its `where` leaves out every cell");
  }
}

Value Evaluator::handle(Cell& cell) {
  auto object = std::make_shared<NodeObject>();
  object->cell = &cell;
  return Value(ValueKind::Node, 0, std::move(object));
}

}  // namespace devgraph::lang
