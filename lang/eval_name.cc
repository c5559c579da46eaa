/// Names and facts: what a word in an expression means.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/eval.h"
#include "lang/walk.h"

namespace devgraph::lang {

Frame& Evaluator::module_frame(const Module& module) {
  std::unique_ptr<Frame>& frame = frames_[&module];
  if (!frame) {
    frame = std::make_unique<Frame>();
    frame->module = &module;
    frame->scope = &module.scope;
    frame->project = module.folder;
  }
  return *frame;
}

/// The frame in which a symbol's declaration lives, seen from a frame that can name it.
Frame& Evaluator::frame_of(const Symbol& symbol, Frame& from) {
  return symbol.module == from.module ? from : module_frame(*symbol.module);
}

std::optional<Value> Evaluator::find_name(std::string_view name, const Env& env) {
  for (const Binding* local = env.locals; local != nullptr; local = local->next) {
    if (local->name == name) return local->value;
  }
  for (Frame* frame = env.frame; frame != nullptr; frame = frame->parent) {
    for (Argument& argument : frame->arguments) {
      if (argument.name == name) return eval_argument(*frame, argument);
    }
    const auto symbol = frame->scope->values.find(name);
    if (symbol != frame->scope->values.end()) {
      return value_of(symbol->second, frame_of(symbol->second, *frame));
    }
  }
  if (name == "name") {
    if (env.frame->rule != nullptr) return Value::string(env.frame->name);
    if (env.owner != nullptr) return Value::string(env.owner->family->name);
  }
  return std::nullopt;
}

Value Evaluator::eval_name(const ast::Name& name, const Env& env, Range at) {
  std::optional<Value> value = find_name(name.text, env);
  if (value) return std::move(*value);
  return fault("E203", at, fmt::format("unknown name `{}`", name.text), "no such name");
}

Value Evaluator::value_of(const Symbol& symbol, Frame& frame) {
  const ast::Decl& decl = *symbol.decl;
  if (const auto* node = std::get_if<ast::Node>(&decl.value)) {
    Family& family = family_of(decl, frame);
    // An empty family was reported where it is declared.
    if (!node->has_brackets) return family.cells.empty() ? Value::error() : handle(family.cells[0]);
    if (family.is_waiting()) return Value::error();
    if (family.whole.is_none()) {
      auto object = std::make_shared<FamilyObject>();
      object->family = &family;
      for (std::uint32_t i = 0; i < family.cells.size(); ++i)
        object->cells.push_back(i);
      family.whole = Value(ValueKind::Family, 0, std::move(object));
    }
    return family.whole;
  }
  NamedValue& held = frame.values[&decl];
  if (held.state == Progress::Done) return held.value;
  if (held.state == Progress::Busy) {
    return fault("E605", declared_name(decl)->range,
                 fmt::format("the value of `{}` needs itself", declared_name(decl)->text),
                 "needed here again", "break it with a name of its own for the first part");
  }
  held.state = Progress::Busy;
  const Env env{.frame = &frame};
  Value value = Value::error();
  if (const auto* let = std::get_if<ast::Let>(&decl.value)) {
    const TypeRef type = let->type ? type_of(*frame.module, *let->type) : nullptr;
    value = eval(*let->value, env, type.get());
  } else if (std::holds_alternative<ast::Axis>(decl.value)) {
    value = Value::list(axis_values(symbol, frame));
  } else if (std::holds_alternative<ast::Param>(decl.value)) {
    value = resolve_param_(symbol, frame);
  }
  NamedValue& slot = frame.values[&decl];
  slot.state = Progress::Done;
  slot.value = value;
  return value;
}

Value Evaluator::eval_label(const ast::LabelLit& label, Range at) {
  const Module* module = program_.project(label.project);
  if (module == nullptr || module->kind != ModuleKind::Project) {
    const std::optional<std::string> near = nearest(label.project, program_.project_folders());
    return fault("E510", at, fmt::format("no project `//{}`", label.project), "no such project",
                 near ? fmt::format("did you mean `//{}`?", *near)
                      : "a project is a folder with a build.devgraph");
  }
  const auto symbol = module->scope.values.find(label.name.text);
  if (symbol == module->scope.values.end()) {
    std::vector<std::string> names;
    names.reserve(module->scope.values.size());
    for (const auto& [name, unused] : module->scope.values)
      names.emplace_back(name);
    std::sort(names.begin(), names.end());
    const std::optional<std::string> near = nearest(label.name.text, names);
    return fault("E506", at,
                 fmt::format("`//{}` has nothing named `{}`", label.project, label.name.text),
                 near ? fmt::format("did you mean `{}`?", *near) : "no such name");
  }
  return value_of(symbol->second, frame_of(symbol->second, module_frame(*module)));
}

Value Evaluator::fact(std::string_view object, std::string_view name, const Env& env, Range at) {
  if (object == "host") {
    const std::string text = world_.host(std::string(name));
    if (name != "cores" && name != "uid" && name != "gid") return Value::string(text);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return Value::integer(number);
  }
  const Result<std::optional<std::string>> value =
      world_.git(env.frame->project, std::string(name), {});
  if (!value) {
    return fault("E413", at, fmt::format("git.{} is not known here", name), value.error().message,
                 "git facts need a git repository with a commit");
  }
  const std::optional<std::string>& text = *value;
  if (!text) return Value();
  if (name == "dirty") return Value::boolean(*text == "true");
  return Value::string(*text);
}

Value Evaluator::eval_int(const ast::IntLit& literal, Range at) {
  struct Unit {
    std::string_view name;
    ValueKind kind;
    std::int64_t factor;
  };
  static constexpr Unit kUnits[] = {
      {"ms", ValueKind::Duration, 1},         {"s", ValueKind::Duration, 1000},
      {"m", ValueKind::Duration, 60'000},     {"h", ValueKind::Duration, 3'600'000},
      {"d", ValueKind::Duration, 86'400'000}, {"B", ValueKind::Size, 1},
      {"kB", ValueKind::Size, 1000},          {"MB", ValueKind::Size, 1'000'000},
      {"GB", ValueKind::Size, 1'000'000'000}, {"TB", ValueKind::Size, 1'000'000'000'000},
      {"KiB", ValueKind::Size, 1LL << 10},    {"MiB", ValueKind::Size, 1LL << 20},
      {"GiB", ValueKind::Size, 1LL << 30},    {"TiB", ValueKind::Size, 1LL << 40},
  };
  if (literal.unit.empty()) return Value::integer(literal.value);
  for (const Unit& unit : kUnits) {
    if (unit.name != literal.unit) continue;
    std::int64_t value = 0;
    if (__builtin_mul_overflow(literal.value, unit.factor, &value)) {
      return fault("E412", at, "this number is too large", "more than 64 bits");
    }
    return Value(unit.kind, value);
  }
  return fault("E415", at, fmt::format("`{}` is no unit", literal.unit), "unknown unit",
               "units are ms s m h d and B kB MB GB TB KiB MiB GiB TiB");
}

}  // namespace devgraph::lang
