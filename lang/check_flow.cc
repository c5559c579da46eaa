#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool is_none(const ast::Expr& expr) {
  return std::holds_alternative<ast::NoneLit>(expr.value);
}

bool is_default(const ast::Expr& pattern) {
  const auto* name = std::get_if<ast::Name>(&pattern.value);
  return name && name->text == "_";
}

/// A pattern as text, for comparing and showing.
std::string pattern_key(const ast::Expr& pattern) {
  if (is_none(pattern)) return "none";
  if (const auto* it = std::get_if<ast::BoolLit>(&pattern.value))
    return it->value ? "true" : "false";
  if (const auto* it = std::get_if<ast::IntLit>(&pattern.value)) {
    return fmt::format("{}{}", it->value, it->unit);
  }
  const std::string* text = plain_text(pattern);
  return text ? fmt::format("\"{}\"", *text) : std::string();
}

}  // namespace

Facts Checker::facts_of(const ast::Expr& condition, CheckEnv& env) {
  Facts facts;
  if (const auto* it = std::get_if<ast::Not>(&condition.value)) {
    facts = facts_of(*it->value, env);
    std::swap(facts.if_true, facts.if_false);
    return facts;
  }
  const auto* it = std::get_if<ast::Binary>(&condition.value);
  if (!it) return facts;
  if (it->op == ast::BinaryOp::And || it->op == ast::BinaryOp::Or) {
    // What both sides say holds where the whole is true (`and`) or false (`or`).
    const Facts left = facts_of(*it->left, env);
    Restore restore(env);
    const auto& known = it->op == ast::BinaryOp::And ? left.if_true : left.if_false;
    env.narrowed.insert(env.narrowed.end(), known.begin(), known.end());
    const Facts right = facts_of(*it->right, env);
    auto& out = it->op == ast::BinaryOp::And ? facts.if_true : facts.if_false;
    out = known;
    const auto& more = it->op == ast::BinaryOp::And ? right.if_true : right.if_false;
    out.insert(out.end(), more.begin(), more.end());
    return facts;
  }
  if (it->op != ast::BinaryOp::Eq && it->op != ast::BinaryOp::Ne) return facts;
  const ast::Expr* subject = is_none(*it->right)  ? it->left
                             : is_none(*it->left) ? it->right
                                                  : nullptr;
  const std::string key = subject ? narrowing_key(*subject) : "";
  if (key.empty()) return facts;
  Diagnostics quiet;
  Diagnostics* const before = std::exchange(found_, &quiet);
  const TypeRef type = infer(*subject, env);
  found_ = before;
  auto& present = it->op == ast::BinaryOp::Ne ? facts.if_true : facts.if_false;
  auto& absent = it->op == ast::BinaryOp::Ne ? facts.if_false : facts.if_true;
  if (type->kind == Kind::Optional) {
    present.emplace_back(key, type->item);
    absent.emplace_back(key, simple(Kind::None));
  }
  return facts;
}

TypeRef Checker::branch(const ast::If& it, const TypeRef* expected, const Slot& slot,
                        CheckEnv& env) {
  check_condition(*it.condition, env, "the condition of `if`");
  const Facts facts = facts_of(*it.condition, env);
  const auto side = [&](const ast::Expr& value, const auto& known) -> TypeRef {
    Restore restore(env);
    env.narrowed.insert(env.narrowed.end(), known.begin(), known.end());
    if (!expected) return infer(value, env);
    check(value, *expected, slot, env);
    return *expected;
  };
  const TypeRef then = side(*it.then, facts.if_true);
  const TypeRef otherwise = side(*it.otherwise, facts.if_false);
  return union_of({then, otherwise});
}

/// The values that a subject can have.
Checker::Matched Checker::matched_values(const ast::Expr& subject, CheckEnv& env) {
  Matched it;
  it.type = infer(subject, env);
  it.key = narrowing_key(subject);
  it.unknown = it.type->kind == Kind::Any || it.type->kind == Kind::Never;
  it.open = it.unknown;
  for (const TypeRef& one : alternatives(it.type)) {
    if (one->kind == Kind::Literal) {
      it.left.push_back(fmt::format("\"{}\"", one->text));
      it.known.push_back(one->text);
    } else if (one->kind == Kind::Bool) {
      it.left.insert(it.left.end(), {"true", "false"});
    } else if (one->kind != Kind::None) {
      it.open = true;
      const bool fine = one->kind == Kind::String || one->kind == Kind::Int ||
                        one->kind == Kind::Data || one->kind == Kind::Any || it.unknown;
      if (fine) continue;
      error("E106", subject.range, fmt::format("{} cannot be matched", a_type(*one)),
            brief(*it.type))
          .helps.emplace_back("`match` looks at strings, ints, bools and none");
      break;
    }
  }
  it.optional = it.type->kind == Kind::Optional || it.type->kind == Kind::None;
  if (it.optional) it.left.emplace_back("none");
  return it;
}

/// Crosses off what a pattern covers. True if that can be none.
bool Checker::match_pattern(const ast::Expr& pattern, const ast::Expr& subject, Matched& it,
                            CheckEnv& env) {
  const std::string text = pattern_key(pattern);
  if (it.has_default || (!text.empty() && !it.seen.insert(text).second)) {
    error("E108", pattern.range, "this pattern is never reached",
          it.has_default ? "`_` has taken everything" : "written before");
    return false;
  }
  if (is_default(pattern)) {
    it.has_default = true;
    return it.optional && !it.seen.contains("none");
  }
  const auto at = std::ranges::find(it.left, text);
  if (at != it.left.end()) {
    it.left.erase(at);
    return text == "none";
  }
  if (it.unknown) return false;
  const TypeRef type = infer(pattern, env);
  const bool possible = std::ranges::any_of(alternatives(it.type), [&](const TypeRef& t) {
    return t->kind != Kind::Literal && fits(*type, *t);
  });
  if (possible) return false;
  const std::string* word = plain_text(pattern);
  const std::optional<std::string> near = word ? nearest(*word, it.known) : std::nullopt;
  error("E108", pattern.range,
        fmt::format("{} is no value of {}", text,
                    it.key.empty() ? std::string("this") : fmt::format("`{}`", it.key)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "never matches")
      .also.push_back({subject.range, brief(*it.type)});
  return false;
}

TypeRef Checker::match(const ast::Match& it, const TypeRef* expected, const Slot& slot,
                       CheckEnv& env) {
  Matched values = matched_values(*it.subject, env);
  std::vector<TypeRef> results;
  for (const ast::MatchArm& arm : it.arms) {
    bool takes_none = false;
    for (const ast::Expr* pattern : arm.patterns)
      takes_none |= match_pattern(*pattern, *it.subject, values, env);
    Restore restore(env);
    if (!values.key.empty() && values.type->kind == Kind::Optional && !takes_none) {
      env.narrowed.emplace_back(values.key, values.type->item);
    }
    if (expected) {
      check(*arm.value, *expected, slot, env);
    } else {
      results.push_back(infer(*arm.value, env));
    }
  }
  const std::vector<std::string>& left = values.left;
  if (!values.has_default && (values.open || !left.empty()) && !values.unknown) {
    Diagnostic& fault = error(
        "E107", it.subject->range, "this `match` does not cover every value",
        left.empty() ? brief(*values.type) : fmt::format("not covered: {}", fmt::join(left, ", ")));
    fault.helps.push_back(left.empty() ? "add  _ => …"
                                       : fmt::format("add  {} => …  or  _ => …", left.front()));
  }
  return expected ? *expected : union_of(results);
}

void Checker::bind_variable(const ast::Word& word, TypeRef type, CheckEnv& env) {
  const Found outer = find(word.text, env);
  const bool is_hidden = outer.local ? outer.local->role != Local::Role::Node : bool(outer.symbol);
  if (is_hidden) {
    Diagnostic& fault =
        error("E222", word.range, fmt::format("`{}` would hide another name", word.text),
              "needs another name");
    const Range range = outer.local ? outer.local->range : declared_name(*outer.symbol.decl)->range;
    if (range.end > range.begin) fault.also.push_back({range, described(word.text, env)});
  }
  env.locals.push_back({word.text, std::move(type), Local::Role::Variable, word.range});
}

/// The elements of what one variable of `for` runs over.
TypeRef Checker::element_of(const TypeRef& type, const ast::Expr& expr, CheckEnv&) {
  switch (type->kind) {
    case Kind::Any:
    case Kind::Data:
      return type;
    case Kind::List:
      return type->item->kind == Kind::Never ? simple(Kind::Any) : type->item;
    case Kind::Family:
      return type->item;
    case Kind::Optional:
      may_be_none(expr, *type);
      return simple(Kind::Any);
    default:
      break;
  }
  Diagnostic& fault =
      error("E105", expr.range, fmt::format("`for` needs a list, this is {}", a_type(*type)),
            brief(*type));
  if (type->kind == Kind::Map || type->kind == Kind::Record) {
    fault.helps.emplace_back("write  for k, v in …  or  keys(…)");
  }
  if (type->kind == Kind::Tree) fault.helps.emplace_back("write  files(…)");
  return simple(Kind::Any);
}

void Checker::bind_clause(const ast::Clause& clause, CheckEnv& env) {
  const TypeRef type = infer(*clause.in, env);
  if (!clause.second) {
    bind_variable(clause.first, element_of(type, *clause.in, env), env);
  } else {
    TypeRef key = simple(Kind::String);
    TypeRef value = simple(Kind::Any);
    if (type->kind == Kind::Map) {
      value = type->item;
    } else if (type->kind == Kind::Record) {
      std::vector<TypeRef> keys, values;
      for (const TypeField& field : type->fields) {
        keys.push_back(literal(field.name));
        values.push_back(field.type);
      }
      if (!keys.empty()) key = union_of(keys);
      value = union_of(values);
    } else if (type->kind == Kind::Data) {
      value = type;
    } else if (type->kind == Kind::Optional) {
      may_be_none(*clause.in, *type);
    } else if (type->kind != Kind::Any && type->kind != Kind::Union) {
      error("E105", clause.in->range,
            fmt::format("`for k, v` needs a map, this is {}", a_type(*type)), brief(*type))
          .helps.emplace_back("a list has one variable:  for x in xs");
    }
    bind_variable(clause.first, key, env);
    bind_variable(*clause.second, value, env);
  }
  if (!clause.condition) return;
  check_condition(*clause.condition, env, "the condition of `for`");
  const Facts facts = facts_of(*clause.condition, env);
  env.narrowed.insert(env.narrowed.end(), facts.if_true.begin(), facts.if_true.end());
}

TypeRef Checker::infer_list_comp(const ast::ListComp& it, const TypeRef* item, const Slot& slot,
                                 CheckEnv& env) {
  Restore restore(env);
  for (const ast::Clause& clause : it.clauses)
    bind_clause(clause, env);
  if (!item) return list_of(infer(*it.value, env));
  check(*it.value, *item, slot, env);
  return list_of(*item);
}

TypeRef Checker::infer_map_comp(const ast::MapComp& it, const TypeRef* item, const Slot& slot,
                                CheckEnv& env) {
  Restore restore(env);
  for (const ast::Clause& clause : it.clauses)
    bind_clause(clause, env);
  check_hole_in_text(*it.key, env, "a key");
  if (!item) return map_of(infer(*it.value, env));
  check(*it.value, *item, slot, env);
  return map_of(*item);
}

}  // namespace devgraph::lang
