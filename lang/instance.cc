/// Fields of nodes, instances of rules, and what a handle offers.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/eval.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

/// What an instance says for all of its children (language reference, "Fields that every node
/// has").
constexpr std::array<std::string_view, 13> kInherited = {
    "after",  "timeout", "retries", "retry_on", "backoff", "pool",    "mutex",
    "weight", "memory",  "hints",   "sandbox",  "network", "may_fail"};

}  // namespace

PlanField* Plan::find(std::string_view name) {
  for (PlanField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

bool Evaluator::mentions_axis(const ast::Expr& expr, const Family& family) {
  // A literal node is the child of one cell.
  if (std::holds_alternative<ast::NodeLit>(expr.value)) return true;
  if (const auto* name = std::get_if<ast::Name>(&expr.value)) {
    return std::any_of(family.axes.begin(), family.axes.end(),
                       [&](const FamilyAxis& axis) { return axis.name == name->text; });
  }
  bool found = false;
  for_each_child(expr,
                 [&](const ast::Expr& child) { found = found || mentions_axis(child, family); });
  return found;
}

std::unique_ptr<Plan> Evaluator::make_plan(Cell& cell, bool& spread_differs) {
  Family& family = *cell.family;
  auto plan = std::make_unique<Plan>();
  const bool is_many = !family.axes.empty();
  const auto put = [&plan](PlanField field) {
    PlanField* held = plan->find(field.name);
    if (held)
      *held = std::move(field);
    else
      plan->fields.push_back(std::move(field));
  };
  const CellEnv here(cell);
  for (const ast::Field& field : family.block->fields) {
    if (!field.spread) {
      put({.name = std::string(field.name.text),
           .expr = field.value,
           .given = {},
           .range = field.value->range,
           .per_cell = is_many && mentions_axis(*field.value, family),
           .shared = {}});
      continue;
    }
    spread_differs = spread_differs || (is_many && mentions_axis(*field.value, family));
    const Value spread = plain(eval(*field.value, here.env(), nullptr));
    if (spread.is(ValueKind::Map)) {
      for (const auto& [name, value] : spread.fields()) {
        put({.name = name,
             .expr = nullptr,
             .given = value,
             .range = field.value->range,
             .per_cell = false,
             .shared = {}});
      }
    } else if (!spread.is_error()) {
      fault("E415", field.value->range,
            fmt::format("only a record can be spread into a node, this is {}", kind_name(spread)),
            kind_name(spread));
    }
  }
  return plan;
}

Plan& Evaluator::plan_of(Cell& cell) {
  Family& family = *cell.family;
  if (family.plan) return *family.plan;
  if (cell.own_plan) return *cell.own_plan;
  bool spread_differs = false;
  std::unique_ptr<Plan> plan = make_plan(cell, spread_differs);
  if (spread_differs) {
    cell.own_plan = std::move(plan);
    return *cell.own_plan;
  }
  family.plan = std::move(plan);
  return *family.plan;
}

Value Evaluator::field_value(Cell& cell, PlanField& field, const Type* expected) {
  if (field.expr == nullptr) {
    return expected ? convert(field.given, *expected, field.range) : field.given;
  }
  if (field.shared) return *field.shared;
  const CellEnv here(cell, field.name);
  Value value = eval(*field.expr, here.env(), expected);
  if (!field.per_cell) field.shared = value;
  return value;
}

Frame& Evaluator::body_of(Cell& cell) {
  if (cell.body) return *cell.body;
  Family& family = *cell.family;
  auto body = std::make_unique<Frame>();
  body->module = family.rule.module;
  body->rule = family.rule_decl;
  body->scope = &family.rule.module->rule_scopes.at(family.rule.decl);
  body->parent = &module_frame(*family.rule.module);
  body->instance = &cell;
  body->project = family.frame->project;
  body->label = family.label;
  body->name = family.name;
  Plan& plan = plan_of(cell);
  for (std::size_t i = 0; i < family.rule_decl->parameters.size(); ++i) {
    const ast::Parameter& parameter = family.rule_decl->parameters[i];
    Argument argument;
    argument.name = parameter.name.text;
    argument.field = plan.find(parameter.name.text);
    argument.fallback = parameter.value;
    argument.type = type_of(*family.rule.module, *parameter.type);
    body->arguments.push_back(std::move(argument));
  }
  cell.body = std::move(body);
  return *cell.body;
}

Value Evaluator::eval_argument(Frame& frame, Argument& argument) {
  if (argument.state == Progress::Done) return argument.value;
  const Range at = argument.field ? argument.field->range : frame.instance->family->range;
  if (argument.state == Progress::Busy) {
    return fault("E605", at,
                 fmt::format("the parameter `{}` of `{}` needs itself", argument.name, frame.label),
                 "needed here again");
  }
  argument.state = Progress::Busy;
  Value value;
  if (argument.field) {
    value = field_value(*frame.instance, *argument.field, argument.type.get());
  } else if (argument.fallback) {
    value = eval(*argument.fallback, {.frame = &frame}, argument.type.get());
  } else if (argument.type->kind != Kind::Optional && argument.type->kind != Kind::Any) {
    value = fault("E415", at, fmt::format("`{}` needs the field `{}`", frame.label, argument.name),
                  "missing");
  }
  argument.state = Progress::Done;
  argument.value = value;
  return value;
}

void Evaluator::force_arguments(Frame& frame) {
  for (Argument& argument : frame.arguments)
    eval_argument(frame, argument);
}

Family* Evaluator::child_of(Cell& cell, std::string_view name) {
  Frame& body = body_of(cell);
  const auto symbol = body.scope->values.find(name);
  if (symbol == body.scope->values.end()) return nullptr;
  if (!std::holds_alternative<ast::Node>(symbol->second.decl->value)) return nullptr;
  return &family_of(*symbol->second.decl, body);
}

std::optional<Value> Evaluator::handle_field(Cell& cell, std::string_view name) {
  Family& family = *cell.family;
  if (family.rule_decl == nullptr) return Value::error();
  if (family.is_native()) {
    const std::vector<OutputDecl>& outputs = outputs_of(cell);
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].field != name) continue;
      auto object = std::make_shared<OutputObject>();
      object->cell = &cell;
      object->index = i;
      return Value(ValueKind::Output, 0, std::move(object));
    }
    if (cell.outputs_faulty) return Value::error();
    return std::nullopt;
  }
  Family* self = child_of(cell, "self");
  if (self && self->cells.size() == 1) {
    std::optional<Value> field = handle_field(self->cells[0], name);
    if (field) return field;
  }
  if (name.starts_with('_') || name == "self") return std::nullopt;
  if (!child_of(cell, name)) return std::nullopt;
  Frame& body = body_of(cell);
  return value_of(body.scope->values.at(name), body);
}

std::vector<std::string> Evaluator::handle_names(Cell& cell) {
  Family& family = *cell.family;
  std::vector<std::string> names;
  if (family.rule_decl == nullptr) return names;
  if (family.is_native()) {
    for (const OutputDecl& output : outputs_of(cell))
      names.push_back(output.field);
    return names;
  }
  Family* self = child_of(cell, "self");
  if (self && self->cells.size() == 1) names = handle_names(self->cells[0]);
  for (const ast::Decl* decl : family.rule_decl->body) {
    const auto* node = std::get_if<ast::Node>(&decl->value);
    if (node && node->name.text != "self" && !node->name.text.starts_with('_'))
      names.emplace_back(node->name.text);
  }
  return names;
}

Value Evaluator::parameter(Cell& cell, std::string_view name) {
  Family& family = *cell.family;
  for (std::size_t i = 0; i < family.rule_decl->parameters.size(); ++i) {
    const ast::Parameter& parameter = family.rule_decl->parameters[i];
    if (parameter.name.text != name) continue;
    const TypeRef type = type_of(*family.rule.module, *parameter.type);
    PlanField* field = plan_of(cell).find(name);
    if (field) return field_value(cell, *field, type.get());
    if (parameter.value)
      return eval(*parameter.value, {.frame = &module_frame(*family.rule.module)}, type.get());
    if (type->kind == Kind::Optional || type->kind == Kind::Any) return {};
    return fault("E415", family.range,
                 fmt::format("`{}` needs the field `{}`", family.rule_name, name), "missing");
  }
  return {};
}

Evaluator::Universal Evaluator::find_universal(Cell& cell, std::string_view name) {
  Cell* at = &cell;
  while (at != nullptr) {
    PlanField* field = plan_of(*at).find(name);
    if (field) return {field, at};
    if (std::find(kInherited.begin(), kInherited.end(), name) == kInherited.end()) return {};
    // A parameter of that name is the rule's own business.
    Cell* instance = at->family->frame->instance;
    if (instance) {
      for (const ast::Parameter& parameter : instance->family->rule_decl->parameters) {
        if (parameter.name.text == name) return {};
      }
    }
    at = instance;
  }
  return {};
}

std::vector<std::pair<std::string, Value>> Evaluator::coordinates(const Cell& cell) const {
  std::vector<std::pair<std::string, Value>> all;
  const Cell* outer = cell.family->owner ? cell.family->owner : cell.family->frame->instance;
  if (outer) all = coordinates(*outer);
  for (std::size_t i = 0; i < cell.family->axes.size(); ++i) {
    const Value& value = cell.family->axis_value(cell, i);
    all.emplace_back(cell.family->axes[i].name,
                     value.is_error() ? Value::string(std::string(kUnknownValue)) : value);
  }
  return all;
}

std::string Evaluator::label_of(const Cell& cell) const {
  std::string label = fmt::format("//{}:{}", cell.family->frame->project, cell.family->label);
  bool first = true;
  for (const auto& [axis, value] : coordinates(cell)) {
    std::string text;
    scalar_text(value, text);
    label += fmt::format("{}{}={}", first ? "@" : ",", axis, escape_label_value(text));
    first = false;
  }
  return label;
}

Value Evaluator::eval_node_literal(const ast::NodeLit& literal, const Env& env, Range at) {
  if (env.owner == nullptr) {
    return fault(
        "E508", at, "a node literal is part of a node; here is none", "no node around it",
        fmt::format("give it a name of its own:  {} name {{ … }}", literal.rule.name.text));
  }
  std::unique_ptr<Family> family = make_family(literal.rule, *env.frame, at);
  Cell& owner = *env.owner;
  const std::uint32_t number = ++owner.literals;
  family->block = &literal.block;
  family->closure = capture(env);
  family->owner = &owner;
  family->is_private = true;
  family->name = owner.family->name;
  family->label = fmt::format("{}/_{}", owner.family->label, env.field);
  if (number > 1) {
    // Literals of one field are counted; those of different fields differ by name already.
    std::uint32_t same = 0;
    for (const std::unique_ptr<Family>& other : literals_) {
      if (other->owner == &owner &&
          (other->label == family->label || other->label.starts_with(family->label + "-")))
        ++same;
    }
    if (same > 0) family->label += fmt::format("-{}", same + 1);
  }
  family->cells.resize(1);
  family->cells[0].family = family.get();
  literals_.push_back(std::move(family));
  return handle(literals_.back()->cells[0]);
}

}  // namespace devgraph::lang
