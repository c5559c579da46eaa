#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

template <class T>
const T* as(const ast::Expr& expr) {
  return std::get_if<T>(&expr.value);
}

/// The alternative of an expected type that a form may take; null if there is none.
TypeRef pick(const TypeRef& expected, std::initializer_list<Kind> kinds) {
  for (const TypeRef& one : alternatives(expected)) {
    if (std::ranges::find(kinds, one->kind) != kinds.end()) return one;
  }
  return nullptr;
}

}  // namespace

TypeRef Checker::infer(const ast::Expr& expr, CheckEnv& env) {
  TypeRef type = infer_plain(expr, env);
  if (env.narrowed.empty()) return type;
  const std::string key = narrowing_key(expr);
  if (key.empty()) return type;
  for (auto at = env.narrowed.rbegin(); at != env.narrowed.rend(); ++at) {
    if (at->first == key) return at->second;
  }
  return type;
}

TypeRef Checker::infer_plain(const ast::Expr& expr, CheckEnv& env) {
  if (as<ast::NoneLit>(expr)) return simple(Kind::None);
  if (as<ast::BoolLit>(expr)) return simple(Kind::Bool);
  if (const auto* it = as<ast::IntLit>(expr)) return infer_int(*it);
  if (const auto* it = as<ast::StringLit>(expr)) return infer_string(expr, *it, env);
  if (const auto* it = as<ast::PathLit>(expr)) return infer_path(*it, env);
  if (const auto* it = as<ast::LabelLit>(expr)) return label_type(expr, *it, env);
  if (const auto* it = as<ast::Name>(expr)) return name_type(expr, it->text, env);
  if (const auto* it = as<ast::List>(expr)) return infer_list(*it, env);
  if (const auto* it = as<ast::Record>(expr)) return infer_record(*it, env);
  if (const auto* it = as<ast::ListComp>(expr)) return infer_list_comp(*it, nullptr, {}, env);
  if (const auto* it = as<ast::MapComp>(expr)) return infer_map_comp(*it, nullptr, {}, env);
  if (const auto* it = as<ast::Call>(expr)) return infer_call(expr, *it, env);
  if (const auto* it = as<ast::Index>(expr)) return infer_index(expr, *it, env);
  if (const auto* it = as<ast::Member>(expr)) return infer_member(*it, env);
  if (const auto* it = as<ast::If>(expr)) return branch(*it, nullptr, {}, env);
  if (const auto* it = as<ast::Match>(expr)) return match(*it, nullptr, {}, env);
  if (const auto* it = as<ast::Binary>(expr)) return infer_binary(*it, env);
  if (const auto* it = as<ast::Not>(expr)) {
    check_condition(*it->value, env, "`not`");
    return simple(Kind::Bool);
  }
  if (const auto* it = as<ast::Cast>(expr)) return infer_cast(*it, env);
  if (const auto* it = as<ast::NodeLit>(expr)) return infer_node_lit(*it, env);
  if (const auto* it = as<ast::Script>(expr)) {
    Restore restore(env);
    // It will stand in some node, whose `out` and `deps` are not known here.
    for (const char* name : {"name", "out", "deps"}) {
      env.locals.push_back({name, simple(Kind::Any), Local::Role::Node});
    }
    check_script(*it, env);
    return simple(Kind::Script);
  }
  return simple(Kind::Any);
}

void Checker::check_condition(const ast::Expr& expr, CheckEnv& env, std::string_view what) {
  check(expr, simple(Kind::Bool), {std::string(what), {}}, env);
}

/// Literals take the expected type; everything else has its own and must fit.
void Checker::check(const ast::Expr& expr, const TypeRef& expected, const Slot& slot,
                    CheckEnv& env) {
  if (check_form(expr, expected, slot, env)) return;
  const TypeRef actual = infer(expr, env);
  if (!fits(*actual, *expected)) mismatch(expr, *actual, *expected, slot, env);
}

/// True if the form of the expression decided how to check it, and that was done.
bool Checker::check_form(const ast::Expr& expr, const TypeRef& expected, const Slot& slot,
                         CheckEnv& env) {
  if (expected->kind == Kind::Any) return false;
  if (const auto* it = as<ast::If>(expr)) {
    branch(*it, &expected, slot, env);
    return true;
  }
  if (const auto* it = as<ast::Match>(expr)) {
    match(*it, &expected, slot, env);
    return true;
  }
  if (const auto* it = as<ast::List>(expr)) return check_list(*it, expected, slot, env);
  if (const auto* it = as<ast::Record>(expr)) return check_record(expr, *it, expected, slot, env);
  if (const auto* it = as<ast::StringLit>(expr)) return check_string(expr, *it, expected, env);
  if (const auto* it = as<ast::ListComp>(expr)) {
    const TypeRef list = pick(expected, {Kind::List});
    if (list) infer_list_comp(*it, &list->item, slot.element(*list), env);
    return list != nullptr;
  }
  if (const auto* it = as<ast::MapComp>(expr)) {
    const TypeRef map = pick(expected, {Kind::Map});
    if (map) infer_map_comp(*it, &map->item, slot.element(*map), env);
    return map != nullptr;
  }
  if (as<ast::PathLit>(expr) && pick(expected, {Kind::Path})) {
    infer(expr, env);
    check_path_text(expr, env);
    return true;
  }
  const auto* binary = as<ast::Binary>(expr);
  if (!binary) return false;
  if (binary->op == ast::BinaryOp::Add) {
    // Lists that are put together: both sides are lists of what is expected.
    const TypeRef list = pick(expected, {Kind::List});
    const bool is_list = as<ast::List>(*binary->left) || as<ast::List>(*binary->right) ||
                         as<ast::ListComp>(*binary->left) || as<ast::ListComp>(*binary->right);
    if (!list || !is_list) return false;
    check(*binary->left, list, slot, env);
    check(*binary->right, list, slot, env);
    return true;
  }
  if (binary->op == ast::BinaryOp::Coalesce) {
    const TypeRef left = infer(*binary->left, env);
    const TypeRef bare = without_none(left);
    if (bare->kind != Kind::None && !fits(*bare, *expected)) {
      mismatch(*binary->left, *bare, *expected, slot, env);
    }
    check(*binary->right, expected, slot, env);
    return true;
  }
  return false;
}

}  // namespace devgraph::lang
