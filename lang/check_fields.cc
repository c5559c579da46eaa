#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

constexpr std::array<std::string_view, 12> kOnInstances = {
    "after", "timeout", "retries", "retry_on", "backoff", "pool",
    "mutex", "weight",  "memory",  "hints",    "sandbox", "network"};
constexpr std::array<std::string_view, 9> kOnLocal = {
    "after", "may_fail", "allow_failed", "pool", "mutex", "weight", "memory", "hints", "normalize"};
constexpr std::array<std::string_view, 5> kOnNetwork = {"timeout", "retries", "retry_on", "backoff",
                                                        "network"};

/// What only a build does with nodes.
constexpr std::array<std::string_view, 14> kOfBuilds = {
    "retries", "retry_on", "backoff", "hints",   "may_fail", "allow_failed", "pool",
    "mutex",   "weight",   "memory",  "network", "sandbox",  "normalize",    "incremental"};

const ast::Rule& rule_of(const Symbol& symbol) {
  return std::get<ast::Rule>(symbol.decl->value);
}

const ast::Field* find_field(const ast::Block& block, std::string_view name) {
  for (const ast::Field& field : block.fields) {
    if (!field.spread && !field.name_expr && field.name.text == name) return &field;
  }
  return nullptr;
}

const TypeField* find_type(const std::vector<TypeField>& fields, std::string_view name) {
  for (const TypeField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

/// A list of content, or lists by name, as `files` of `tar` has them.
bool holds_list(const Type& type) {
  if (type.kind == Kind::Map || type.kind == Kind::Optional) return holds_list(*type.item);
  if (type.kind == Kind::Union) {
    return std::ranges::any_of(type.items, [](const TypeRef& one) { return holds_list(*one); });
  }
  return type.kind == Kind::List;
}

bool has_list(const RuleSignature& signature) {
  return std::ranges::any_of(signature.parameters,
                             [](const TypeField& p) { return holds_list(*p.type); });
}

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::ranges::end(names);
}

}  // namespace

GivenFields Checker::collect_fields(const ast::Block& block, CheckEnv& env) {
  GivenFields given;
  for (const ast::Field& field : block.fields) {
    if (field.spread) {
      Diagnostics quiet;
      Diagnostics* const before = std::exchange(found_, &quiet);
      const TypeRef type = infer(*field.value, env);
      found_ = before;
      if (type->kind != Kind::Record) given.open = true;
      for (const TypeField& one : type->fields)
        given.spread[one.name] = one.type;
      continue;
    }
    if (field.name_expr) {
      error("E111", field.name_expr->range, "the name of a field is written out",
            "cannot be computed");
      continue;
    }
    const auto [at, fresh] = given.written.emplace(std::string(field.name.text), &field);
    if (fresh) continue;
    Diagnostic& fault =
        error("E112", field.name.range, fmt::format("`{}` is written twice", field.name.text),
              "written again here");
    fault.also.push_back({at->second->name.range, "first written here"});
    if (field.name.text == "script")
      fault.helps.emplace_back("a node has one run of `$` lines; put them together");
  }
  return given;
}

/// `out`, `deps` and `report` as a script or argv of this call sees them.
void Checker::add_node_names(const Symbol& rule, const ast::Block& block, CheckEnv& env) {
  if (!rule_of(rule).is_extern) return;
  std::vector<TypeField> outputs;
  bool open = false;
  Diagnostics quiet;
  Diagnostics* const before = std::exchange(found_, &quiet);
  outputs_from_call(rule_of(rule), block, env, outputs, open);
  const bool spread =
      std::ranges::any_of(block.fields, [](const ast::Field& f) { return f.spread; });
  const bool has_deps = find_field(block, "deps") != nullptr;
  found_ = before;
  const TypeField* single = find_type(outputs, "out");
  const TypeField* report = find_type(outputs, "report");
  if (report) env.locals.push_back({"report", report->type, Local::Role::Node});
  if (single) {
    env.locals.push_back({"out", single->type, Local::Role::Node});
  } else if (open) {
    env.locals.push_back({"out", simple(Kind::Any), Local::Role::Node});
  } else if (!outputs.empty() && !report) {
    env.locals.push_back({"out", record_of(outputs), Local::Role::Node});
  }
  if (has_deps || spread) {
    env.locals.push_back(
        {"deps", list_of(union_of({simple(Kind::File), simple(Kind::Tree)})), Local::Role::Node});
  }
}

void Checker::check_call_of_rule(const Symbol& rule, const ast::RuleRef& ref,
                                 const ast::Block& block, CheckEnv& env) {
  const RuleSignature& called = signature(rule);
  const GivenFields given = collect_fields(block, env);
  for (const ast::Field& field : block.fields) {
    if (field.spread) {
      check_spread_fields(rule, called, field, env);
    } else if (!field.name_expr) {
      check_field(rule, called, field, block, env);
    }
  }
  check_missing(rule, called, ref, given);
}

void Checker::check_field(const Symbol& rule, const RuleSignature& called, const ast::Field& field,
                          const ast::Block& block, CheckEnv& env) {
  const std::string name(field.name.text);
  const Slot slot{fmt::format("{}.{}", rule_of(rule).name.text, name), name};
  const TypeField* parameter = find_type(called.parameters, name);
  const TypeField* universal = find_type(universal_fields(), name);
  Restore restore(env);
  const bool is_command = called.is_native && native_kind(rule_of(rule)) == NativeKind::Command;
  const bool sees_outputs = name == "argv" || name == "env" || name == "stdin" ||
                            std::holds_alternative<ast::Script>(field.value->value);
  if (is_command && sees_outputs) add_node_names(rule, block, env);
  if (parameter) {
    const auto* script = std::get_if<ast::Script>(&field.value->value);
    if (script && is_command && without_none(parameter->type)->kind == Kind::Script) {
      check_script(*script, env);
    } else if (is_command && name == "argv") {
      check_argv(*field.value, env);
    } else {
      check(*field.value, parameter->type, slot, env);
    }
    return;
  }
  if (universal) {
    if (check_honoured(rule, called, name, field.name.range)) {
      check(*field.value, universal->type, slot, env);
    } else {
      infer(*field.value, env);
    }
    return;
  }
  unknown_field(rule, called, name, field.name.range);
  if (!field.pun) infer(*field.value, env);
}

void Checker::check_spread_fields(const Symbol& rule, const RuleSignature& called,
                                  const ast::Field& spread, CheckEnv& env) {
  const TypeRef type = infer(*spread.value, env);
  if (type->kind == Kind::Any || type->kind == Kind::Union) return;
  if (type->kind != Kind::Record) {
    error("E105", spread.value->range, "only a record can be spread into a node", show(*type));
    return;
  }
  for (const TypeField& one : type->fields) {
    const TypeField* want = find_type(called.parameters, one.name);
    if (!want) want = find_type(universal_fields(), one.name);
    const bool universal = want && !find_type(called.parameters, one.name);
    if (!want) {
      unknown_field(rule, called, one.name, spread.value->range);
    } else if (universal && !check_honoured(rule, called, one.name, spread.value->range)) {
      continue;
    } else if (!fits(*one.type, *want->type)) {
      // The text of a path can only be written where the path is expected.
      mismatch(*spread.value, *one.type, *want->type,
               {fmt::format("{}.{}", rule_of(rule).name.text, one.name), one.name}, env);
    }
  }
}

void Checker::check_missing(const Symbol& rule, const RuleSignature& called,
                            const ast::RuleRef& ref, const GivenFields& given) {
  if (given.open) return;
  const std::string_view name = rule_of(rule).name.text;
  std::vector<std::string> missing;
  for (const TypeField& one : called.parameters) {
    if (one.has_default || one.type->kind == Kind::Optional || given.has(one.name)) continue;
    missing.push_back(one.name);
  }
  for (const std::string& one : missing) {
    // A misspelt field is reported as such, with this one as what was meant.
    const bool misspelt = std::ranges::any_of(given.written, [&](const auto& field) {
      const std::vector<std::string> meant = {one};
      return !find_type(called.parameters, field.first) &&
             !find_type(universal_fields(), field.first) && nearest(field.first, meant);
    });
    if (misspelt) continue;
    const TypeField* parameter = find_type(called.parameters, one);
    error("E110", ref.name.range, fmt::format("`{}` needs the field `{}`", name, one),
          fmt::format("{}: {}", one, show(*parameter->type)));
  }
  const bool either = find_type(called.parameters, "script") &&
                      find_type(called.parameters, "argv") && called.is_native;
  if (!either || given.has("script") != given.has("argv")) return;
  if (given.has("script")) {
    const auto at = given.written.find("argv");
    error("E112", at == given.written.end() ? ref.name.range : at->second->name.range,
          fmt::format("`{}` has both a script and `argv`", name), "one of them says what to run");
  } else {
    error("E110", ref.name.range, fmt::format("`{}` has nothing to run", name),
          "needs a script or `argv`")
        .helps.emplace_back("write a line  $ command {x}  in the block");
  }
}

/// Reports a universal field that this rule would have to ignore.
bool Checker::check_honoured(const Symbol& rule, const RuleSignature& called,
                             std::string_view field, Range range) {
  if (field == "doc") return true;
  const std::string_view name = rule_of(rule).name.text;
  const NativeKind kind = native_kind(rule_of(rule));
  std::string why;
  const auto is_ignored = [&](std::string_view one) {
    const bool is_timed = !called.is_native || kind == NativeKind::Command;
    return rule_of(rule).effect && (contains(kOfBuilds, one) || (one == "timeout" && !is_timed));
  };
  if (is_ignored(field)) {
    why = fmt::format("`{}` is an effect: a release does it once, after all else", name);
  } else if (!called.is_native) {
    if (contains(kOnInstances, field) || field == "may_fail") return true;
    why = fmt::format("`{}` is a rule made of other nodes and has no parameter of that name", name);
  } else if (field == "allow_failed" && kind != NativeKind::Command && !has_list(called)) {
    why = fmt::format("`{}` takes no list that could lack elements", name);
  } else if (kind == NativeKind::Command || contains(kOnLocal, field) ||
             (kind == NativeKind::Network && contains(kOnNetwork, field))) {
    return true;
  } else {
    why = fmt::format("`{}` runs no command of yours", name);
  }
  Diagnostic& fault =
      error("E113", range, fmt::format("`{}` cannot honour `{}`", name, field), why);
  std::vector<std::string_view> can;
  if (!called.is_native) {
    can.assign(kOnInstances.begin(), kOnInstances.end());
    can.insert(can.end(), {"may_fail", "doc"});
  } else {
    for (const std::string_view one : kOnLocal) {
      if (one != "allow_failed" || has_list(called)) can.push_back(one);
    }
    if (kind == NativeKind::Network) can.insert(can.end(), kOnNetwork.begin(), kOnNetwork.end());
    can.emplace_back("doc");
  }
  std::erase_if(can, is_ignored);
  fault.helps.push_back(fmt::format("beside its parameters it takes {}", fmt::join(can, ", ")));
  return false;
}

void Checker::unknown_field(const Symbol& rule, const RuleSignature& called, std::string_view field,
                            Range range) {
  const std::string_view name = rule_of(rule).name.text;
  std::vector<std::string> parameters;
  parameters.reserve(called.parameters.size());
  for (const TypeField& one : called.parameters)
    parameters.push_back(one.name);
  std::vector<std::string> known = parameters;
  for (const TypeField& one : universal_fields())
    known.push_back(one.name);
  const std::optional<std::string> near = nearest(field, known);
  Diagnostic& fault =
      error("E111", range, fmt::format("`{}` has no field `{}`", name, printable(field)),
            near ? fmt::format("did you mean `{}`?", *near) : "no such field");
  fault.helps.push_back(parameters.empty()
                            ? std::string("it has no parameters of its own")
                            : fmt::format("its parameters are {}", fmt::join(parameters, ", ")));
}

}  // namespace devgraph::lang
