/// Universal fields that schedule or guard a node.

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/base/text.h"
#include "lang/lower.h"

namespace devgraph::lang {
namespace {

constexpr std::array<std::string_view, 16> kTraitNames = {
    "timeout", "retries", "retry_on", "backoff", "pool", "mutex",    "weight",       "memory",
    "hints",   "ok",      "network",  "sandbox", "cwd",  "may_fail", "allow_failed", "incremental"};

const Type* type_of_universal(std::string_view name) {
  for (const TypeField& field : universal_fields()) {
    if (field.name == name) return field.type.get();
  }
  return nullptr;
}

}  // namespace

TraitsId Lowerer::traits_of(Cell& cell) {
  Family& family = *cell.family;
  bool differs = cell.own_plan != nullptr || family.frame->instance != nullptr;
  for (const std::string_view name : kTraitNames) {
    PlanField* field = eval_.plan_of(cell).find(name);
    differs = differs || (field && field->per_cell);
  }
  if (!differs) {
    const auto held = shared_traits_.find(&family);
    if (held != shared_traits_.end()) return held->second;
  }
  Traits traits;
  const bool is_test = family.rule_name == "test";
  const bool is_remote = family.rule_name == "fetch" || family.rule_name == "git_clone";
  traits.network = is_test || is_remote || family.is_effect ? 1 : 0;
  traits.cwd = is_test ? Cwd::Inputs : Cwd::Scratch;
  for (const std::string_view name : kTraitNames) {
    const Evaluator::Universal found = eval_.find_universal(cell, name);
    if (!found.field) continue;
    const Value value =
        eval_.plain(eval_.field_value(*found.cell, *found.field, type_of_universal(name)));
    if (!value.is_error() && !value.is_none()) set_trait(traits, name, value, found.field->range);
  }
  const TraitsId id = builder_.traits(traits);
  if (!differs) shared_traits_.emplace(&family, id);
  return id;
}

void Lowerer::set_trait(Traits& traits, std::string_view name, const Value& value, Range at) {
  const auto number = [&](std::int64_t least) -> std::uint64_t {
    if (value.number() >= least) return static_cast<std::uint64_t>(value.number());
    eval_.fault("E418", at, fmt::format("`{}` is {} or more", name, least), show(value));
    return static_cast<std::uint64_t>(least);
  };
  const auto small = [&](std::int64_t least) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(number(least), std::numeric_limits<std::uint32_t>::max()));
  };
  if (name == "timeout")
    traits.timeout_ms = number(1);
  else if (name == "backoff")
    traits.backoff_ms = number(0);
  else if (name == "memory")
    traits.memory = number(0);
  else if (name == "retries")
    traits.retries = small(0);
  else if (name == "weight")
    traits.weight = small(1);
  else if (name == "retry_on")
    traits.retry_on = pattern(value.text(), at);
  else if (name == "mutex")
    traits.mutex = builder_.str(value.text());
  else if (name == "network")
    traits.network = value.is_true() ? 1 : 0;
  else if (name == "sandbox")
    traits.sandbox = value.is_true() ? 1 : 0;
  else if (name == "incremental")
    traits.incremental = value.is_true() ? 1 : 0;
  else if (name == "may_fail")
    traits.may_fail = value.is_true() ? 1 : 0;
  else if (name == "cwd")
    traits.cwd = value.text() == "inputs"    ? Cwd::Inputs
                 : value.text() == "project" ? Cwd::Project
                                             : Cwd::Scratch;
  else if (name == "allow_failed")
    set_allowance(traits, value, at);
  else if (name == "pool") {
    check_pool(value.text(), at);
    traits.pool = builder_.str(value.text());
  } else if (name == "ok") {
    traits.ok = exit_codes(value, at);
  } else if (name == "hints" && value.is(ValueKind::Map)) {
    std::vector<Hint> hints;
    for (const auto& [text, advice] : value.fields())
      hints.push_back({pattern(text, at), builder_.str(advice.text())});
    traits.hints = builder_.hints(hints);
  }
}

StrId Lowerer::pattern(const std::string& text, Range at) {
  const re2::RE2 compiled(text, re2::RE2::Quiet);
  if (!compiled.ok())
    eval_.fault("E408", at, fmt::format("`{}` is no regular expression", printable(text)),
                compiled.error());
  return builder_.str(text);
}

Span32 Lowerer::exit_codes(const Value& value, Range at) {
  std::vector<std::uint32_t> codes;
  for (const Value& one : eval_.elements(value)) {
    if (one.number() < 0 || one.number() > 255)
      eval_.fault("E418", at, "an exit code is 0 to 255", show(one));
    else
      codes.push_back(static_cast<std::uint32_t>(one.number()));
  }
  std::sort(codes.begin(), codes.end());
  return builder_.numbers(codes);
}

void Lowerer::set_allowance(Traits& traits, const Value& value, Range at) {
  if (value.is(ValueKind::Int) && value.number() >= 0 &&
      value.number() <= std::numeric_limits<std::uint32_t>::max()) {
    traits.allow_failed = static_cast<std::uint32_t>(value.number());
    return;
  }
  std::uint32_t percent = 0;
  const std::string text = value.is(ValueKind::String) ? value.text() : std::string();
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (problem == std::errc{} && end + 1 == text.data() + text.size() && *end == '%' &&
      percent <= 100) {
    traits.allow_failed_percent = percent;
    return;
  }
  eval_.fault("E418", at, "`allow_failed` is a count or a share", show(value),
              "write  allow_failed = 12  or  allow_failed = \"2%\"");
}

void Lowerer::check_pool(const std::string& name, Range at) {
  if (pools_.contains(name)) return;
  std::vector<std::string> names;
  names.reserve(pools_.size());
  for (const auto& [one, unused] : pools_)
    names.push_back(one);
  const std::optional<std::string> near = nearest(name, names);
  eval_.fault("E419", at, fmt::format("unknown pool `{}`", printable(name)),
              near ? fmt::format("did you mean `{}`?", *near) : "no such pool",
              fmt::format("declare it in the root manifest:  workspace {{ pools = {{ {} = 4 }} }}",
                          printable(name)));
}

void Lowerer::workspace_settings(const Module& root) {
  Frame& frame = eval_.module_frame(root);
  const Env env{.frame = &frame};
  for (const ast::Decl* decl : root.file.decls) {
    const auto* workspace = std::get_if<ast::Workspace>(&decl->value);
    if (!workspace) continue;
    for (const ast::Field& field : workspace->block.fields) {
      if (field.spread || !field.value) continue;
      const std::string_view name = field.name.text;
      const Range at = field.value->range;
      if (name == "pools") {
        const Value pools =
            eval_.plain(eval_.eval(*field.value, env, map_of(simple(Kind::Int)).get()));
        if (!pools.is(ValueKind::Map)) continue;
        for (const auto& [pool, capacity] : pools.fields()) {
          if (capacity.number() < 1 || capacity.number() > 1'000'000) {
            eval_.fault("E418", at, fmt::format("the pool `{}` has no room", printable(pool)),
                        show(capacity), "a capacity is 1 or more");
            continue;
          }
          pools_[pool] = static_cast<std::uint32_t>(capacity.number());
        }
      } else if (name == "tools") {
        for (const Value& tool :
             eval_.elements(eval_.eval(*field.value, env, list_of(simple(Kind::String)).get()))) {
          const Result<std::string> path = eval_.world().tool(tool.text());
          if (!path)
            eval_.fault(
                "E409", at,
                fmt::format("no program `{}`, which this workspace needs", printable(tool.text())),
                path.error().message, "install it, or put its folder on PATH");
        }
      } else if (name == "cache" || name == "registry") {
        eval_.fault("E309", at, fmt::format("this version of devgraph has no `{}`", name),
                    "cannot be used yet", "take the line out");
      }
    }
  }
  for (const auto& [name, capacity] : pools_)
    builder_.add_pool({builder_.str(name), capacity});
}

}  // namespace devgraph::lang
