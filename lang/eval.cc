#include "lang/eval.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

// Far above what a manifest of a million nodes takes; a net for runaway comprehensions only.
constexpr std::uint64_t kMostSteps = 2'000'000'000;
// One level of nesting takes about 1 KiB of stack in release builds, 5 KiB with sanitizers.
constexpr std::uint32_t kDeepest = 1000;

struct DepthGuard {
  explicit DepthGuard(std::uint32_t& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  std::uint32_t& depth_;
};

}  // namespace

std::shared_ptr<const Closure> capture(const Env& env) {
  auto closure = std::make_shared<Closure>();
  for (const Binding* one = env.locals; one != nullptr; one = one->next) {
    closure->bindings.push_back({one->name, one->value, nullptr});
  }
  for (std::size_t i = 0; i + 1 < closure->bindings.size(); ++i) {
    closure->bindings[i].next = &closure->bindings[i + 1];
  }
  closure->env = env;
  closure->env.locals = closure->bindings.empty() ? nullptr : &closure->bindings.front();
  return closure;
}

Evaluator::Evaluator(const Program& program, World& world, Sources& sources, Diagnostics& found)
    : program_(program), world_(world), sources_(sources), found_(found), has_late_(any_late()) {}

Evaluator::~Evaluator() = default;

Diagnostic* Evaluator::report(std::string_view code, Range at, std::string message,
                              std::string label) {
  const std::uint64_t place =
      (std::uint64_t{static_cast<std::uint32_t>(at.source)} << 32U) | at.begin;
  if (!reported_.emplace(std::string(code), place).second) return nullptr;
  return &found_.error(std::string(code), at, std::move(message), std::move(label));
}

std::optional<std::string> Evaluator::locked(const Ask& ask) {
  const UnusableLock* unusable = world_.unusable_lock();
  if (unusable == nullptr) return world_.locked(ask);
  if (!lock_reported_) {
    lock_reported_ = true;
    const SourceId source = sources_.add(std::string(kLockName), unusable->text);
    const LockFault& fault = unusable->fault;
    Diagnostic* said = report("E423", {source, fault.begin, fault.end},
                              fmt::format("the lock file cannot be used: {}", fault.message));
    if (said && !fault.help.empty()) said->helps.push_back(fault.help);
  }
  return std::nullopt;
}

Value Evaluator::fault(std::string_view code, Range at, std::string message, std::string label,
                       std::string help) {
  Diagnostic* said = report(code, at, std::move(message), std::move(label));
  if (said && !help.empty()) said->helps.push_back(std::move(help));
  return Value::error();
}

Value Evaluator::report_data(const std::string& path, const std::string& decoder,
                             const UnreadData& unread, Range used) {
  if (!unread.text)
    return fault("E401", used, fmt::format("cannot read `{}`", printable(path)),
                 unread.fault.message);
  std::string message = fmt::format("//{} is no {}", printable(path), decoder);
  const std::optional<DataPlace>& place = unread.fault.place;
  if (!place) return fault("E405", used, std::move(message), unread.fault.message);
  const auto [source, is_new] = data_sources_.try_emplace({path, decoder});
  // Said once, however many read it.
  if (!is_new) return Value::error();
  source->second = sources_.add(path, *unread.text);
  Diagnostic* said = report("E405",
                            {source->second, static_cast<std::uint32_t>(place->begin),
                             static_cast<std::uint32_t>(place->end)},
                            std::move(message), unread.fault.message);
  if (said) said->also.push_back({used, "used here"});
  return Value::error();
}

TypeRef Evaluator::type_of(const Module& module, const ast::Type& written) {
  const auto held = types_.find(&written);
  if (held != types_.end()) return held->second;
  return types_.emplace(&written, declared_type(program_, module, written, found_)).first->second;
}

const RuleSignature& Evaluator::signature(const Symbol& rule) {
  std::unique_ptr<RuleSignature>& held = signatures_[rule.decl];
  if (!held) held = std::make_unique<RuleSignature>(signature_of(program_, rule, found_));
  return *held;
}

Value Evaluator::eval(const ast::Expr& expr, const Env& env, const Type* expected) {
  const DepthGuard guard(depth_);
  if (exhausted_) return Value::error();
  if (depth_ > kDeepest || ++steps_ > kMostSteps) {
    exhausted_ = true;
    return fault("E416", expr.range, "this evaluation is too deep or takes too long",
                 fmt::format("{} steps, {} deep", steps_, depth_),
                 "build long lists with comprehensions instead of chains of names");
  }
  Value value = eval_bare(expr, env, expected);
  if (!expected || value.is_error()) return value;
  return convert(value, *expected, expr.range);
}

Value Evaluator::eval_bare(const ast::Expr& expr, const Env& env, const Type* expected) {
  const Range at = expr.range;
  const auto& value = expr.value;
  if (const auto* x = std::get_if<ast::Name>(&value)) return eval_name(*x, env, at);
  if (const auto* x = std::get_if<ast::StringLit>(&value))
    return eval_string(*x, env, expected, at);
  if (const auto* x = std::get_if<ast::Index>(&value)) return eval_index(*x, env, at);
  if (const auto* x = std::get_if<ast::Member>(&value)) return eval_member(*x, env, at);
  if (const auto* x = std::get_if<ast::Call>(&value)) return eval_call(*x, env, expected, at);
  if (const auto* x = std::get_if<ast::List>(&value)) return eval_list(*x, env, expected);
  if (const auto* x = std::get_if<ast::Record>(&value))
    return eval_record(x->fields, env, expected);
  if (const auto* x = std::get_if<ast::PathLit>(&value))
    return eval_path(*x, env, expected, at, false);
  if (const auto* x = std::get_if<ast::Binary>(&value)) return eval_binary(*x, env, expected, at);
  if (const auto* x = std::get_if<ast::IntLit>(&value)) return eval_int(*x, at);
  if (const auto* x = std::get_if<ast::BoolLit>(&value)) return Value::boolean(x->value);
  if (std::holds_alternative<ast::NoneLit>(value)) return Value();
  if (const auto* x = std::get_if<ast::LabelLit>(&value)) return eval_label(*x, at);
  if (const auto* x = std::get_if<ast::ListComp>(&value)) return eval_list_comp(*x, env, expected);
  if (const auto* x = std::get_if<ast::MapComp>(&value)) return eval_map_comp(*x, env, expected);
  if (const auto* x = std::get_if<ast::Match>(&value)) return eval_match(*x, env, expected, at);
  if (const auto* x = std::get_if<ast::NodeLit>(&value)) return eval_node_literal(*x, env, at);
  if (const auto* x = std::get_if<ast::Script>(&value)) return eval_script(*x, env);
  if (const auto* x = std::get_if<ast::If>(&value)) {
    const std::optional<bool> holds = eval_condition(*x->condition, env);
    if (!holds) return Value::error();
    return eval(*holds ? *x->then : *x->otherwise, env, expected);
  }
  if (const auto* x = std::get_if<ast::Not>(&value)) {
    const std::optional<bool> holds = eval_condition(*x->value, env);
    return holds ? Value::boolean(!*holds) : Value::error();
  }
  const auto& cast = std::get<ast::Cast>(value);
  return eval(*cast.value, env, type_of(*env.frame->module, *cast.type).get());
}

std::optional<bool> Evaluator::eval_condition(const ast::Expr& expr, const Env& env) {
  const Value value = plain(eval(expr, env, nullptr));
  if (value.is_error()) return std::nullopt;
  if (value.is(ValueKind::Bool)) return value.is_true();
  fault("E415", expr.range, fmt::format("a condition is a bool, this is {}", kind_name(value)),
        kind_name(value));
  return std::nullopt;
}

Value Evaluator::plain(const Value& value) {
  if (!value.is(ValueKind::Data)) return value;
  const DataObject& data = value.as<DataObject>();
  world_.use_part(data, data.steps, &data.inner);
  return data.inner;
}

std::vector<Value> Evaluator::elements(const Value& value) {
  const Value flat = plain(value);
  if (flat.is(ValueKind::List)) return flat.items();
  if (flat.is(ValueKind::Family)) return handles(flat);
  if (flat.is_none() || flat.is_error()) return {};
  return {flat};
}

Value Evaluator::eval_script(const ast::Script& script, const Env& env) {
  auto object = std::make_shared<ScriptObject>();
  object->script = &script;
  object->closure = capture(env);
  return Value(ValueKind::Script, 0, std::move(object));
}

Value Evaluator::eval_match(const ast::Match& match, const Env& env, const Type* expected,
                            Range at) {
  Value subject = plain(eval(*match.subject, env, nullptr));
  if (subject.is_error()) return subject;
  for (const ast::MatchArm& arm : match.arms) {
    for (const ast::Expr* pattern : arm.patterns) {
      const auto* name = std::get_if<ast::Name>(&pattern->value);
      if (name && name->text == "_") return eval(*arm.value, env, expected);
      if (equal(subject, eval(*pattern, env, nullptr))) return eval(*arm.value, env, expected);
    }
  }
  return fault("E415", at, fmt::format("no arm of this match fits {}", show(subject)),
               show(subject), "add an arm  _ => …");
}

}  // namespace devgraph::lang
