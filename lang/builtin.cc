#include "lang/builtin.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/signature_type.h"

namespace devgraph::lang {

namespace {

/// What literals in an argument mean: in a list of files a glob stands for its elements.
TypeRef guide_of(const BuiltinParameter& parameter) {
  const bool takes_files =
      parameter.type.starts_with('[') && parameter.type.find("file") != std::string_view::npos;
  return takes_files ? parse_signature_type(parameter.type) : nullptr;
}

}  // namespace

Value call_builtin(Evaluator& evaluator, const Builtin& builtin, const ast::Call& call,
                   const Env& env, Range at) {
  return BuiltinCall(evaluator, builtin, call, env, at).run();
}

Value BuiltinCall::run() {
  // These look at how their argument is written.
  if (builtin_.id == BuiltinId::Maybe && call_.args.size() == 1) return maybe();
  if (builtin_.id == BuiltinId::Has && call_.args.size() == 1) return has();
  if (!evaluate()) return Value::error();
  if (env_.frame->module->kind != ModuleKind::Project && builtin_.place == BuiltinPlace::Manifest) {
    return wrong(fmt::format("`{}` may be called in manifests only", builtin_.name),
                 "pass its value as an argument");
  }
  return dispatch();
}

Value BuiltinCall::dispatch() {
  if (std::optional<Value> value = text_functions()) return std::move(*value);
  if (std::optional<Value> value = list_functions()) return std::move(*value);
  if (std::optional<Value> value = file_functions()) return std::move(*value);
  if (std::optional<Value> value = word_functions()) return std::move(*value);
  return wrong(fmt::format("`{}` cannot be called here", builtin_.name));
}

bool BuiltinCall::evaluate() {
  const std::size_t count = builtin_.parameters.size();
  args_.resize(count);
  exprs_.resize(count, nullptr);
  std::size_t position = 0;
  const auto put = [&](std::size_t index, const ast::Expr& expr, const Value& value) {
    exprs_[index] = &expr;
    args_[index] = builtin_.id == BuiltinId::CommitOf || value.is(ValueKind::Data)
                       ? eval_.plain(value)
                       : value;
    return !value.is_error();
  };
  for (const ast::Arg& one : call_.args) {
    std::size_t index = position;
    if (one.name) {
      index = 0;
      while (index < count && builtin_.parameters[index].name != one.name->text)
        ++index;
    } else {
      ++position;
    }
    if (index >= count) {
      eval_.fault(
          "E408", one.range,
          fmt::format("`{}` takes {} argument{}", builtin_.name, count, count == 1 ? "" : "s"),
          "one too many");
      return false;
    }
    const TypeRef guide = guide_of(builtin_.parameters[index]);
    if (!put(index, *one.value, eval_.eval(*one.value, env_, guide.get()))) return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (exprs_[i] || !builtin_.parameters[i].fallback.empty()) continue;
    eval_.fault(
        "E408", at_,
        fmt::format("`{}` needs its argument `{}`", builtin_.name, builtin_.parameters[i].name),
        "missing");
    return false;
  }
  return true;
}

Range BuiltinCall::place(std::size_t index) const {
  return exprs_[index] ? exprs_[index]->range : at_;
}

Value BuiltinCall::wrong(std::string message, std::string help) {
  return eval_.fault("E408", at_, std::move(message), {}, std::move(help));
}

Value BuiltinCall::wrong_kind(std::size_t index, std::string_view needed) {
  return eval_.fault(
      "E408", place(index),
      fmt::format("`{}` needs {} here, this is {}", builtin_.name, needed, kind_name(args_[index])),
      show(args_[index]));
}

std::optional<std::string> BuiltinCall::text(std::size_t index) {
  const Value& value = args_[index];
  if (value.is(ValueKind::String)) return value.text();
  wrong_kind(index, "a string");
  return std::nullopt;
}

std::optional<std::vector<Value>> BuiltinCall::list(std::size_t index) {
  const Value& value = args_[index];
  if (value.is(ValueKind::List) || value.is(ValueKind::Family)) return eval_.elements(value);
  wrong_kind(index, "a list");
  return std::nullopt;
}

/// `has(app[py = "3.9"])`: whether the family has that cell.
Value BuiltinCall::has() {
  const auto* index = std::get_if<ast::Index>(&call_.args[0].value->value);
  Value base = index ? eval_.eval(*index->base, env_, nullptr) : Value();
  if (base.is_error()) return base;
  if (!index || !base.is(ValueKind::Family)) {
    return wrong("`has` asks a map for a key, or a family for a cell",
                 "write  has(m, \"key\")  or  has(app[py = \"3.9\"])");
  }
  return eval_.index_family(base, *index, env_, at_, true);
}

Value BuiltinCall::maybe() {
  const ast::Expr& expr = *call_.args[0].value;
  if (const auto* path = std::get_if<ast::PathLit>(&expr.value)) {
    return eval_.eval_path(*path, env_, nullptr, expr.range, true);
  }
  const auto* binary = std::get_if<ast::Binary>(&expr.value);
  if (binary && binary->op == ast::BinaryOp::Join) {
    return eval_.eval_join(*binary, env_, nullptr, expr.range, true);
  }
  Value value = eval_.eval(expr, env_, nullptr);
  if (value.is(ValueKind::File) || value.is(ValueKind::Tree)) {
    return eval_.world().exists(value.as<FileObject>().path) ? value : Value();
  }
  return value;
}

}  // namespace devgraph::lang
