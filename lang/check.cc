#include "lang/check.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {

Checker::Checker(const Program& program, const Sources* sources, Diagnostics& found,
                 const Surroundings& around)
    : program_(program), sources_(sources), found_(&found), reported_(found), around_(around) {
  for (const Diagnostic& one : found.all()) {
    if (one.where && one.code.starts_with("E0"))
      broken_.insert(static_cast<std::uint32_t>(one.where->range.source));
  }
}

// --- types of declarations
// --------------------------------------------------------------------------

/// The rule that a child belongs to; null at the top of a file.
const ast::Decl* Checker::owner_of(const ast::Decl& decl) {
  if (!has_owners_) {
    has_owners_ = true;
    for (const auto& module : program_.modules()) {
      for (const auto& [rule, scope] : module->rule_scopes) {
        for (const ast::Decl* child : std::get<ast::Rule>(rule->value).body)
          owners_.emplace(child, rule);
      }
    }
  }
  const auto at = owners_.find(&decl);
  return at == owners_.end() ? nullptr : at->second;
}

CheckEnv Checker::env_for(const Symbol& symbol) {
  CheckEnv env;
  env.module = symbol.module;
  env.decl = symbol.decl;
  env.owner = owner_of(*symbol.decl);
  if (!env.owner) return env;
  add_parameters(*symbol.module, std::get<ast::Rule>(env.owner->value).parameters, env);
  env.locals.push_back({"name", simple(Kind::String), Local::Role::Node});
  return env;
}

void Checker::add_parameters(const Module& module, const std::vector<ast::Parameter>& parameters,
                             CheckEnv& env) {
  for (const ast::Parameter& one : parameters) {
    env.locals.push_back(
        {one.name.text, declared(module, *one.type), Local::Role::Parameter, one.name.range});
  }
}

TypeRef Checker::type_of(const Symbol& symbol) {
  const auto [at, fresh] = types_.try_emplace(symbol.decl, State::Busy, simple(Kind::Any));
  if (!fresh) return at->second.second;  // Busy: a cycle, which check_graph reports.
  finish_type(symbol);
  return types_.at(symbol.decl).second;
}

void Checker::finish_type(const Symbol& symbol) {
  const auto at = types_.try_emplace(symbol.decl, State::Busy, simple(Kind::Any)).first;
  if (at->second.first == State::Done) return;
  Diagnostics* const before = std::exchange(found_, &reported_);
  const TypeRef type = compute_type(symbol);
  found_ = before;
  types_[symbol.decl] = {State::Done, type};
}

TypeRef Checker::compute_type(const Symbol& symbol) {
  if (const auto* it = std::get_if<ast::Param>(&symbol.decl->value))
    return declared(*symbol.module, *it->type);
  if (const auto* it = std::get_if<ast::Axis>(&symbol.decl->value)) return axis_list(symbol, *it);
  if (const auto* it = std::get_if<ast::Node>(&symbol.decl->value)) return node_type(symbol, *it);
  const auto* let = std::get_if<ast::Let>(&symbol.decl->value);
  if (!let) return simple(Kind::Any);
  if (let->type) return declared(*symbol.module, *let->type);
  CheckEnv env = env_for(symbol);
  return infer(*let->value, env);
}

TypeRef Checker::fn_result(const Symbol& symbol) {
  const auto& fn = std::get<ast::Fn>(symbol.decl->value);
  if (fn.result) return declared(*symbol.module, *fn.result);
  const auto [at, fresh] = results_.try_emplace(symbol.decl, State::Busy, simple(Kind::Any));
  if (!fresh) return at->second.second;
  Diagnostics quiet;  // Its body is checked with its declaration.
  Diagnostics* const before = std::exchange(found_, &quiet);
  CheckEnv env = env_for(symbol);
  add_parameters(*symbol.module, fn.parameters, env);
  TypeRef type = infer(*fn.value, env);
  found_ = before;
  results_[symbol.decl] = {State::Done, type};
  return type;
}

/// The handle of an instance: the outputs of `self`, then the public children.
TypeRef Checker::rule_result(const Symbol& symbol) {
  const auto [at, fresh] = results_.try_emplace(symbol.decl, State::Busy, simple(Kind::Any));
  if (!fresh) return at->second.second;
  const auto& rule = std::get<ast::Rule>(symbol.decl->value);
  std::vector<TypeField> fields;
  bool open = false;
  const auto put = [&](const std::string& name, const TypeRef& type) {
    if (std::ranges::none_of(fields, [&](const TypeField& f) { return f.name == name; }))
      fields.push_back({name, type});
  };
  if (rule.result) {
    const TypeRef promised = declared(*symbol.module, *rule.result);
    for (const TypeField& field : promised->fields)
      put(field.name, field.type);
  }
  for (const ast::Decl* child : rule.body) {
    const auto* node = std::get_if<ast::Node>(&child->value);
    if (!node || node->name.text != "self") continue;
    const TypeRef type = type_of({symbol.module, child});
    open = open || type->open || type->kind == Kind::Any;
    for (const TypeField& field : type->fields)
      put(field.name, field.type);
  }
  for (const ast::Decl* child : rule.body) {
    const auto* node = std::get_if<ast::Node>(&child->value);
    if (!node || node->name.text == "self" || node->name.text.starts_with('_')) continue;
    put(std::string(node->name.text), type_of({symbol.module, child}));
  }
  TypeRef type = node_of(std::string(rule.name.text), std::move(fields), open);
  results_[symbol.decl] = {State::Done, type};
  return type;
}

const RuleSignature& Checker::signature(const Symbol& symbol) {
  const auto at = signatures_.find(symbol.decl);
  if (at != signatures_.end()) return at->second;
  const auto& rule = std::get<ast::Rule>(symbol.decl->value);
  RuleSignature made;
  made.effect = rule.effect;
  made.is_native = rule.is_extern;
  for (const ast::Parameter& one : rule.parameters) {
    made.parameters.push_back(
        {std::string(one.name.text), declared(*symbol.module, *one.type), one.value != nullptr});
  }
  if (!rule.is_extern) {
    made.result = rule_result(symbol);
  } else if (rule.result) {
    made.result =
        node_of(std::string(rule.name.text), declared(*symbol.module, *rule.result)->fields);
  } else {
    made.result = node_of(std::string(rule.name.text), {}, true);
  }
  return signatures_.emplace(symbol.decl, std::move(made)).first->second;
}

// --- declarations
// -----------------------------------------------------------------------------------

void Checker::check_module(const Module& module) {
  if (!module.demanded) return;
  find_types(module);
  for (const ast::Decl* decl : module.file.decls)
    check_decl({&module, decl});
}

void Checker::check_decl(const Symbol& symbol) {
  const ast::Decl& decl = *symbol.decl;
  CheckEnv env = env_for(symbol);
  if (const auto* it = std::get_if<ast::Param>(&decl.value)) {
    check_param(*it, env);
  } else if (const auto* let = std::get_if<ast::Let>(&decl.value)) {
    const TypeRef type = type_of(symbol);
    if (let->type)
      check(*let->value, type, {std::string(let->name.text), std::string(let->name.text)}, env);
  } else if (const auto* axis = std::get_if<ast::Axis>(&decl.value)) {
    type_of(symbol);
    check_axis(symbol, *axis, env);
  } else if (const auto* node = std::get_if<ast::Node>(&decl.value)) {
    type_of(symbol);
    check_node(symbol, *node);
  } else if (const auto* assertion = std::get_if<ast::Assert>(&decl.value)) {
    check_condition(*assertion->condition, env, "`assert`");
    check(*assertion->message, simple(Kind::String), {"the message of `assert`", {}}, env);
  } else if (const auto* fn = std::get_if<ast::Fn>(&decl.value)) {
    check_fn(symbol, *fn);
  } else if (const auto* rule = std::get_if<ast::Rule>(&decl.value)) {
    check_rule(symbol, *rule);
  } else if (const auto* type = std::get_if<ast::TypeDef>(&decl.value)) {
    declared(*symbol.module, *type->type);
  } else if (const auto* workspace = std::get_if<ast::Workspace>(&decl.value)) {
    for (const ast::Field& field : workspace->block.fields)
      infer(*field.value, env);
  }
}

void Checker::check_param(const ast::Param& param, CheckEnv& env) {
  const TypeRef type = declared(*env.module, *param.type);
  const Slot slot{std::string(param.name.text), std::string(param.name.text)};
  if (param.value) check(*param.value, type, slot, env);
  if (!param.condition) return;
  env.lazy = true;  // The condition looks at the value, it does not make it.
  check_condition(*param.condition, env, "`where`");
}

void Checker::check_parameters(const Module& module, const ast::Decl& decl,
                               const std::vector<ast::Parameter>& parameters) {
  CheckEnv env;
  env.module = &module;
  env.decl = &decl;
  for (const ast::Parameter& one : parameters) {
    const TypeRef type = declared(module, *one.type);
    if (one.value)
      check(*one.value, type, {std::string(one.name.text), std::string(one.name.text)}, env);
  }
}

void Checker::check_fn(const Symbol& symbol, const ast::Fn& fn) {
  check_parameters(*symbol.module, *symbol.decl, fn.parameters);
  CheckEnv env = env_for(symbol);
  add_parameters(*symbol.module, fn.parameters, env);
  if (!fn.result) {
    infer(*fn.value, env);
    return;
  }
  check(*fn.value, declared(*symbol.module, *fn.result),
        {fmt::format("the result of `{}`", fn.name.text), {}}, env);
}

void Checker::check_rule(const Symbol& symbol, const ast::Rule& rule) {
  check_parameters(*symbol.module, *symbol.decl, rule.parameters);
  // A rule depends on what its children need: that is how recursion shows.
  for (const ast::Decl* child : rule.body) {
    check_decl({symbol.module, child});
    const auto* node = std::get_if<ast::Node>(&child->value);
    if (!node) continue;
    const Symbol made = program_.find_rule(*symbol.module, node->rule.name.text);
    if (made) uses_[symbol.decl].push_back({made.decl, node->rule.name.range});
  }
  if (!rule.result || rule.is_extern) return;
  const TypeRef promised = declared(*symbol.module, *rule.result);
  std::vector<TypeField> have;
  bool open = false;
  for (const ast::Decl* child : rule.body) {
    const auto* node = std::get_if<ast::Node>(&child->value);
    if (!node || node->name.text.starts_with('_')) continue;
    const TypeRef type = type_of({symbol.module, child});
    if (node->name.text == "self") {
      open = open || type->open || type->kind == Kind::Any;
      have.insert(have.begin(), type->fields.begin(), type->fields.end());
    } else {
      have.push_back({std::string(node->name.text), type});
    }
  }
  if (fits(*node_of("", have, open), *promised)) return;
  Diagnostic& fault =
      error("E119", rule.result->range,
            fmt::format("`{}` does not make what it promises", rule.name.text), show(*promised));
  fault.helps.push_back(fmt::format("its outputs are {}", show(*record_of(have))));
}

// --- written types
// ----------------------------------------------------------------------------------

TypeRef Checker::declared_named(const Module& module, const ast::Type& written) {
  static const std::map<std::string_view, Kind> kKinds = {
      {"string", Kind::String},     {"int", Kind::Int},   {"bool", Kind::Bool},
      {"duration", Kind::Duration}, {"size", Kind::Size}, {"version", Kind::Version},
      {"path", Kind::Path},         {"file", Kind::File}, {"tree", Kind::Tree},
      {"script", Kind::Script},     {"text", Kind::Text}, {"secret", Kind::Secret},
      {"data", Kind::Data}};
  const auto at = kKinds.find(written.text);
  if (at != kKinds.end()) return simple(at->second);
  const Symbol symbol = program_.find_type(module, written.text);
  if (symbol) {
    used_.insert(symbol.decl);
    const auto [memo, fresh] = types_.try_emplace(symbol.decl, State::Busy, simple(Kind::Any));
    if (!fresh) {
      if (memo->second.first == State::Busy) {
        error("E205", written.range, fmt::format("the type `{}` holds itself", written.text),
              "a type is finite");
      }
      return memo->second.second;
    }
    TypeRef type = declared(*symbol.module, *std::get<ast::TypeDef>(symbol.decl->value).type);
    types_[symbol.decl] = {State::Done, type};
    return type;
  }
  if (may_be_broken(module, written.text)) return simple(Kind::Any);
  std::vector<std::string> known;
  known.reserve(kKinds.size());
  for (const auto& [name, kind] : kKinds)
    known.emplace_back(name);
  for (const auto& one : program_.modules()) {
    if (one->kind != ModuleKind::Std && one.get() != &module) continue;
    for (const auto& [name, type] : one->scope.types)
      known.emplace_back(name);
  }
  std::ranges::sort(known);
  const std::optional<std::string> near = nearest(written.text, known);
  error("E205", written.range, fmt::format("unknown type `{}`", printable(written.text)),
        near ? fmt::format("did you mean `{}`?", *near) : "no such type");
  return simple(Kind::Any);
}

TypeRef Checker::declared(const Module& module, const ast::Type& written) {
  switch (written.kind) {
    case ast::TypeKind::Named:
      return declared_named(module, written);
    case ast::TypeKind::Literal:
      return literal(written.text);
    case ast::TypeKind::List:
      return list_of(declared(module, *written.items.front()));
    case ast::TypeKind::Map:
      return map_of(declared(module, *written.items.front()));
    case ast::TypeKind::Optional:
      return optional_of(declared(module, *written.items.front()));
    case ast::TypeKind::Union: {
      std::vector<TypeRef> items;
      items.reserve(written.items.size());
      for (const ast::Type* item : written.items)
        items.push_back(declared(module, *item));
      return union_of(items);
    }
    case ast::TypeKind::Record: {
      std::vector<TypeField> fields;
      for (const ast::TypeField& field : written.fields) {
        const bool twice = std::ranges::any_of(
            fields, [&](const TypeField& f) { return f.name == field.name.text; });
        if (twice)
          error("E112", field.name.range, fmt::format("`{}` is written twice", field.name.text),
                "written again here");
        fields.push_back({std::string(field.name.text), declared(module, *field.type)});
      }
      return record_of(std::move(fields));
    }
  }
  return simple(Kind::Any);
}

// --- entry points
// -----------------------------------------------------------------------------------

TypeRef declared_type(const Program& program, const Module& module, const ast::Type& written,
                      Diagnostics& found) {
  return Checker(program, nullptr, found, {}).declared(module, written);
}

RuleSignature signature_of(const Program& program, const Symbol& rule, Diagnostics& found) {
  return Checker(program, nullptr, found, {}).signature(rule);
}

void check(const Program& program, const Sources& sources, bool lints, Diagnostics& found,
           const Surroundings& around) {
  Checker checker(program, &sources, found, around);
  for (const auto& module : program.modules()) {
    if (module->kind != ModuleKind::Std) checker.check_module(*module);
  }
  checker.check_graph(false);
  if (!lints) return;
  for (const auto& module : program.modules()) {
    if (module->kind != ModuleKind::Std && module->demanded) checker.lint(*module);
  }
}

void check_std(const Program& program, const Sources& sources, Diagnostics& found) {
  Checker checker(program, &sources, found, {});
  for (const auto& module : program.modules()) {
    if (module->kind == ModuleKind::Std) checker.check_module(*module);
  }
  checker.check_graph(true);
}

}  // namespace devgraph::lang
