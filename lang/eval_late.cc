/// Late axes: their values as they are known now, and which nodes depend on them.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/eval.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool is_late(const ast::Decl& decl) {
  if (const auto* axis = std::get_if<ast::Axis>(&decl.value)) return axis->late;
  const auto* rule = std::get_if<ast::Rule>(&decl.value);
  return rule && std::any_of(rule->body.begin(), rule->body.end(),
                             [](const ast::Decl* child) { return is_late(*child); });
}

/// `json(x.out).a.b`: the call, and the members behind it.
const ast::Call* decoder_call(const ast::Expr& expr, std::vector<std::string>& steps) {
  if (const auto* member = std::get_if<ast::Member>(&expr.value)) {
    const ast::Call* call = decoder_call(*member->base, steps);
    steps.emplace_back(member->name.text);
    return call;
  }
  return std::get_if<ast::Call>(&expr.value);
}

std::string name_of(const ast::Expr& expr) {
  const auto* name = std::get_if<ast::Name>(&expr.value);
  return name ? std::string(name->text) : std::string();
}

}  // namespace

bool Evaluator::any_late() const {
  return std::ranges::any_of(program_.modules(), [](const std::unique_ptr<Module>& module) {
    return std::ranges::any_of(module->file.decls,
                               [](const ast::Decl* decl) { return is_late(*decl); });
  });
}

/// The output that the first argument of a decoder names; none if it is something else.
std::optional<Value> Evaluator::late_output(const ast::Call& call, Frame& frame) {
  if (call.args.empty()) return std::nullopt;
  Value value = eval(*call.args[0].value, {.frame = &frame}, nullptr);
  if (value.is_error() || value.is(ValueKind::Output)) return value;
  if (!value.is(ValueKind::Node)) return std::nullopt;
  return handle_field(*value.as<NodeObject>().cell, "out");
}

/// The values of a late axis, or one that is an Error for those that are not known; none if it is
/// decoded from sources, as any axis may be.
std::optional<std::vector<Value>> Evaluator::late_values(const Symbol& symbol, Frame& frame) {
  const auto& axis = std::get<ast::Axis>(symbol.decl->value);
  LateNeeds& late = late_axes_[{symbol.decl, &frame}];
  std::set<const ast::Decl*> seen;
  collect_late(*axis.value, frame, late, seen);
  std::vector<Value> unknown = {Value::error()};
  LatePlace place;
  const ast::Call* call = decoder_call(*axis.value, place.steps);
  const std::optional<Value> from = call ? late_output(*call, frame) : std::nullopt;
  if (!late.waits.empty()) return unknown;
  if (!from) return std::nullopt;
  if (from->is_error()) return std::vector<Value>();
  const OutputObject& output = from->as<OutputObject>();
  const std::string& made = output.cell->outputs[output.index].path;
  const std::string decider = label_of(*output.cell);
  if (std::ranges::find(late.deciders, output.cell) == late.deciders.end())
    late.deciders.push_back(output.cell);
  place.decoder = name_of(*call->callee);
  place.path = join_path(made, output.part);
  if (call->args.size() > 1 &&
      plain(eval(*call->args[1].value, {.frame = &frame}, nullptr)).is_true())
    place.decoder = "rows";

  const LateValues values = world_.late(place);
  if (world_.late_options().forget || (!values && values.error().is_absent))
    late.waits = fmt::format("waits for what {} makes", printable(decider));
  else if (!values)
    late.waits = fmt::format("cannot be known from what {} made: {}: {}", printable(decider),
                             printable(place.path), values.error().message);
  if (!values && world_.late_options().made.contains(made)) {
    fault("E515", axis.value->range,
          fmt::format("the late axis `{}` cannot be known from what {} made", axis.name.text,
                      printable(decider)),
          fmt::format("{}: {}", printable(place.path), values.error().message),
          place.decoder == "names"
              ? "`names` lists a folder"
              : "a late axis is a list of strings, ints or bools, each there once");
  }
  if (!late.waits.empty()) return unknown;
  std::vector<Value> all;
  all.reserve(values->size());
  for (const std::string& value : *values)
    all.push_back(Value::string(value));
  return all;
}

const LateNeeds* Evaluator::late_axis(const Symbol& symbol, Frame& frame) const {
  const auto found = late_axes_.find({symbol.decl, &frame});
  return found == late_axes_.end() ? nullptr : &found->second;
}

/// The families that an expression names without being evaluated: `app`, `//sub:app`, `inst.app`.
std::vector<Family*> Evaluator::named_families(const ast::Expr& expr, Frame& frame) {
  if (const auto* index = std::get_if<ast::Index>(&expr.value))
    return named_families(*index->base, frame);
  if (const auto* member = std::get_if<ast::Member>(&expr.value)) {
    std::vector<Family*> children;
    for (Family* family : named_families(*member->base, frame)) {
      if (family->is_native() || family->rule_decl == nullptr) continue;
      for (Cell& cell : family->cells) {
        if (Family* child = child_of(cell, member->name.text)) children.push_back(child);
      }
    }
    return children;
  }
  const auto [symbol, home] = symbol_of(expr, frame);
  if (!symbol || !std::holds_alternative<ast::Node>(symbol.decl->value)) return {};
  return {&family_of(*symbol.decl, *home)};
}

/// The declaration that a name means, and where it lives.
std::pair<Symbol, Frame*> Evaluator::symbol_of(std::string_view name, Frame& from) {
  for (Frame* frame = &from; frame != nullptr; frame = frame->parent) {
    const auto found = frame->scope->values.find(name);
    if (found != frame->scope->values.end())
      return {found->second, &frame_of(found->second, *frame)};
  }
  return {};
}

/// The same of a name or label.
std::pair<Symbol, Frame*> Evaluator::symbol_of(const ast::Expr& expr, Frame& from) {
  if (const auto* name = std::get_if<ast::Name>(&expr.value)) return symbol_of(name->text, from);
  if (const auto* label = std::get_if<ast::LabelLit>(&expr.value)) {
    const Module* module = program_.project(label->project);
    if (module == nullptr || module->kind != ModuleKind::Project) return {};
    const auto found = module->scope.values.find(label->name.text);
    if (found != module->scope.values.end())
      return {found->second, &frame_of(found->second, module_frame(*module))};
  }
  return {};
}

/// What an expression takes of late families, found from its text: a value does not show any more
/// which list it came from, and an empty list shows nothing at all.
void Evaluator::collect_late(const ast::Expr& expr, Frame& frame, LateNeeds& needs,
                             std::set<const ast::Decl*>& seen) {
  for (Family* family : named_families(expr, frame))
    add_late_family(*family, needs);
  const auto [symbol, home] = symbol_of(expr, frame);
  if (symbol && !std::holds_alternative<ast::Node>(symbol.decl->value) &&
      seen.insert(symbol.decl).second) {
    Frame& inner = *home;
    for_each_expr(*symbol.decl,
                  [&](const ast::Expr& value) { collect_late(value, inner, needs, seen); });
  }
  if (const auto* call = std::get_if<ast::Call>(&expr.value)) {
    const Symbol function = program_.find_function(*frame.module, name_of(*call->callee));
    if (function && seen.insert(function.decl).second) {
      collect_late(*std::get<ast::Fn>(function.decl->value).value, module_frame(*function.module),
                   needs, seen);
    }
  }
  for_each_child(expr, [&](const ast::Expr& child) { collect_late(child, frame, needs, seen); });
}

void Evaluator::add_late_family(Family& family, LateNeeds& needs) {
  LateNeeds own;
  for (const FamilyAxis& axis : family.axes) {
    if (axis.late) own.add(*axis.late);
  }
  if (own.deciders.empty() && own.waits.empty()) return;
  own.families.push_back(&family);
  needs.add(own);
}

const LateNeeds& Evaluator::late_needs(const Family& family) {
  static const LateNeeds kNone;
  if (!has_late_) return kNone;
  const auto [at, is_new] = late_needs_.try_emplace(&family);
  LateNeeds& needs = at->second;
  if (!is_new) return needs;
  const Cell* outer = family.owner ? family.owner : family.frame->instance;
  if (outer) needs.add(late_needs(*outer->family));
  for (const FamilyAxis& axis : family.axes) {
    if (axis.late) needs.add(*axis.late);
  }
  std::set<const ast::Decl*> seen;
  for (const ast::Field& field : family.block->fields)
    collect_late(*field.value, *family.frame, needs, seen);
  return needs;
}

LateNeeds Evaluator::late_needs(const ast::Expr& expr, Frame& frame) {
  LateNeeds needs;
  std::set<const ast::Decl*> seen;
  if (has_late_) collect_late(expr, frame, needs, seen);
  return needs;
}

}  // namespace devgraph::lang
