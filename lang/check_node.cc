#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

const ast::Rule& rule_of(const Symbol& symbol) {
  return std::get<ast::Rule>(symbol.decl->value);
}

const ast::Field* find_field(const ast::Block& block, std::string_view name) {
  for (const ast::Field& field : block.fields) {
    if (!field.spread && !field.name_expr && field.name.text == name) return &field;
  }
  return nullptr;
}

}  // namespace

Symbol Checker::find_rule(const ast::RuleRef& ref, const CheckEnv& env, bool report) {
  const Symbol symbol = ref.module ? Symbol() : program_.find_rule(*env.module, ref.name.text);
  if (symbol || !report || may_be_broken(*env.module, ref.name.text)) return symbol;
  if (ref.module) {
    error("E204", ref.name.range,
          fmt::format("unknown rule `{}.{}`", ref.module->text, ref.name.text),
          "rules have plain names")
        .helps.push_back(fmt::format("write  use //path/of/library {{ {} }}", ref.name.text));
    return {};
  }
  std::vector<std::string> known;
  for (const auto& module : program_.modules()) {
    if (module->kind != ModuleKind::Std) continue;
    for (const auto& [name, rule] : module->scope.rules)
      known.emplace_back(name);
  }
  for (const auto& [name, rule] : env.module->scope.rules)
    known.emplace_back(name);
  std::ranges::sort(known);
  const std::optional<std::string> near = nearest(ref.name.text, known);
  Diagnostic& fault =
      error("E204", ref.name.range, fmt::format("unknown rule `{}`", printable(ref.name.text)),
            near ? fmt::format("did you mean `{}`?", *near) : "no such rule");
  fault.helps.emplace_back(near ? "devgraph list std  shows all rules of the standard library"
                                : "a rule of a library needs  use //path/of/library { name }; "
                                  "devgraph list std  shows the others");
  return {};
}

// --- what a node's handle is
// ------------------------------------------------------------------------

/// A declared output: file, or tree if its name ends in a slash.
TypeRef Checker::outputs_of(const ast::Expr& value, CheckEnv& env) {
  if (const auto* it = std::get_if<ast::StringLit>(&value.value)) {
    const bool tree =
        !it->pieces.empty() && !it->pieces.back().hole && it->pieces.back().text.ends_with('/');
    return simple(tree ? Kind::Tree : Kind::File);
  }
  if (const auto* it = std::get_if<ast::PathLit>(&value.value))
    return simple(it->is_folder ? Kind::Tree : Kind::File);
  if (const auto* it = std::get_if<ast::If>(&value.value)) {
    return union_of({outputs_of(*it->then, env), outputs_of(*it->otherwise, env)});
  }
  if (const auto* it = std::get_if<ast::Record>(&value.value)) {
    std::vector<TypeField> fields;
    for (const ast::Field& field : it->fields) {
      if (field.spread || field.name_expr) return simple(Kind::Any);
      fields.push_back({std::string(field.name.text), outputs_of(*field.value, env)});
    }
    return record_of(std::move(fields));
  }
  // A parameter or a spread: only evaluation sees whether the name ends in a slash.
  const TypeRef type = infer(value, env);
  if (type->kind != Kind::Record) return simple(Kind::Any);
  std::vector<TypeField> fields = type->fields;
  for (TypeField& field : fields)
    field.type = simple(Kind::Any);
  return record_of(std::move(fields));
}

void Checker::outputs_from_call(const ast::Rule& rule, const ast::Block& block, CheckEnv& env,
                                std::vector<TypeField>& outputs, bool& open) {
  const auto takes = [&](std::string_view name) {
    return std::ranges::any_of(rule.parameters,
                               [&](const ast::Parameter& p) { return p.name.text == name; });
  };
  const bool spread =
      std::ranges::any_of(block.fields, [](const ast::Field& f) { return f.spread; });
  if (takes("report")) {
    if (find_field(block, "report")) outputs.push_back({"report", simple(Kind::File)});
    open = open || spread;
  }
  if (!takes("out")) return;
  const ast::Field* out = find_field(block, "out");
  if (!out) {
    open = open || spread;
    return;
  }
  const TypeRef type = outputs_of(*out->value, env);
  if (type->kind == Kind::Record) {
    outputs.insert(outputs.end(), type->fields.begin(), type->fields.end());
  } else if (type->kind == Kind::Any) {
    // One name makes `out`, a record of names several; a parameter says which.
    const bool single = fits(*infer(*out->value, env), *simple(Kind::Path));
    if (single) outputs.push_back({"out", type});
    open = open || !single;
  } else {
    outputs.push_back({"out", type});
  }
}

TypeRef Checker::handle_of(const ast::RuleRef& ref, const ast::Block& block, CheckEnv& env) {
  const Symbol symbol = find_rule(ref, env, false);
  if (!symbol) return simple(Kind::Any);
  const ast::Rule& rule = rule_of(symbol);
  if (!rule.is_extern) {
    note_use(symbol, ref.name.range, env);
    return rule_result(symbol);
  }
  std::vector<TypeField> outputs;
  bool open = false;
  if (rule.result) {
    outputs = declared(*symbol.module, *rule.result)->fields;
  } else {
    outputs_from_call(rule, block, env, outputs, open);
  }
  const bool named = std::any_of(outputs.begin(), outputs.end(), [](const TypeField& output) {
    return output.name == "quarantine";
  });
  if (!named && find_field(block, "allow_failed")) {
    outputs.push_back({"quarantine", simple(Kind::File)});
  }
  return node_of(std::string(rule.name.text), std::move(outputs), open);
}

TypeRef Checker::node_type(const Symbol& symbol, const ast::Node& node) {
  CheckEnv env = env_for(symbol);
  env.locals.push_back({"name", simple(Kind::String), Local::Role::Node});
  Diagnostics quiet;
  Diagnostics* const before = std::exchange(found_, &quiet);
  add_cell_axes(node, env, false);
  TypeRef handle = handle_of(node.rule, node.block, env);
  std::vector<std::string> axes;
  std::vector<TypeRef> types;
  for (const ast::NodeAxis& axis : node.axes) {
    axes.emplace_back(axis.name.text);
    const Found found = find(axis.name.text, env);
    types.push_back(found.local ? found.local->type : simple(Kind::Any));
  }
  found_ = before;
  if (handle->kind == Kind::Any) return handle;
  return family_of(handle, std::move(axes), std::move(types));
}

TypeRef Checker::infer_node_lit(const ast::NodeLit& it, CheckEnv& env) {
  if (!env.lazy) {
    error("E508", it.rule.name.range, "a node without a name stands in a field of a node",
          "not in a field")
        .helps.push_back(fmt::format("give it a name:  {} NAME {{ … }}", it.rule.name.text));
    return simple(Kind::Any);
  }
  const Symbol symbol = find_rule(it.rule, env, true);
  if (!symbol) return simple(Kind::Any);
  Restore restore(env);
  env.locals.push_back({"name", simple(Kind::String), Local::Role::Node});
  check_call_of_rule(symbol, it.rule, it.block, env);
  Diagnostics quiet;
  Diagnostics* const before = std::exchange(found_, &quiet);
  TypeRef handle = handle_of(it.rule, it.block, env);
  found_ = before;
  return handle;
}

// --- nodes and their fields
// -------------------------------------------------------------------------

void Checker::check_node(const Symbol& symbol, const ast::Node& node) {
  CheckEnv env = env_for(symbol);
  const Symbol rule = find_rule(node.rule, env, true);
  if (rule) note_use(rule, node.rule.name.range, env);
  if (node.name.text == "self") {
    if (!env.owner) {
      error("E512", node.name.range, "`self` is the name of a child in a rule",
            "needs another name");
    } else if (!node.axes.empty()) {
      error("E512", node.name.range, "`self` is the instance and has no axes of its own",
            "needs another name, or no brackets");
    }
  }
  const bool is_self = env.owner && node.name.text == "self";
  if (rule && is_self && rule_of(rule).effect && !std::get<ast::Rule>(env.owner->value).effect) {
    Diagnostic& fault =
        error("E303", node.rule.name.range,
              fmt::format("`{}` is an effect, this rule is not", node.rule.name.text),
              "`self` changes the world");
    fault.also.push_back({declared_name(*env.owner)->range, "the rule that holds it"});
    fault.helps.push_back(fmt::format("write  effect rule {}(…)", declared_name(*env.owner)->text));
  }
  env.locals.push_back({"name", simple(Kind::String), Local::Role::Node});
  add_cell_axes(node, env, true);
  if (node.where) {
    Facts facts;
    {
      Restore restore(env);
      env.filter = true;
      check_condition(*node.where, env, "`where`");
      facts = facts_of(*node.where, env);
    }
    env.narrowed.insert(env.narrowed.end(), facts.if_true.begin(), facts.if_true.end());
  }
  env.lazy = true;
  if (rule) {
    check_call_of_rule(rule, node.rule, node.block, env);
    return;
  }
  env.locals.push_back({"out", simple(Kind::Any), Local::Role::Node});
  env.locals.push_back({"deps", simple(Kind::Any), Local::Role::Node});
  for (const ast::Field& field : node.block.fields)
    infer(*field.value, env);
}

}  // namespace devgraph::lang
