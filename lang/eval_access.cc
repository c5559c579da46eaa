/// Calls, indices and members.

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/eval.h"
#include "lang/walk.h"

namespace devgraph::lang {

Value Evaluator::eval_call(const ast::Call& call, const Env& env, const Type* expected, Range at) {
  (void)expected;
  std::string name;
  if (const auto* plain_name = std::get_if<ast::Name>(&call.callee->value)) {
    name = std::string(plain_name->text);
    const Symbol symbol = program_.find_function(*env.frame->module, name);
    if (symbol) return call_function(symbol, std::get<ast::Fn>(symbol.decl->value), call, env, at);
  } else if (const auto* member = std::get_if<ast::Member>(&call.callee->value)) {
    const auto* base = std::get_if<ast::Name>(&member->base->value);
    if (base) name = fmt::format("{}.{}", base->text, member->name.text);
  }
  const Builtin* builtin = find_builtin(name);
  if (builtin == nullptr) {
    return fault("E203", call.callee->range, fmt::format("unknown function `{}`", name),
                 "no such function");
  }
  return call_builtin(*this, *builtin, call, env, at);
}

Value Evaluator::call_function(const Symbol& symbol, const ast::Fn& fn, const ast::Call& call,
                               const Env& env, Range at) {
  Frame& frame = module_frame(*symbol.module);
  std::deque<Binding> bindings;
  const auto bind = [&bindings](std::string_view name, Value value) {
    bindings.push_back({name, std::move(value), bindings.empty() ? nullptr : &bindings.back()});
  };
  const auto inner = [&] {
    return Env{.frame = &frame, .locals = bindings.empty() ? nullptr : &bindings.back()};
  };
  std::size_t position = 0;
  std::unordered_map<std::string_view, const ast::Arg*> given;
  for (const ast::Arg& arg : call.args) {
    if (arg.name)
      given[arg.name->text] = &arg;
    else if (position < fn.parameters.size())
      given[fn.parameters[position++].name.text] = &arg;
  }
  bool sound = true;
  for (const ast::Parameter& parameter : fn.parameters) {
    const TypeRef type = type_of(*symbol.module, *parameter.type);
    const auto arg = given.find(parameter.name.text);
    Value value;
    if (arg != given.end())
      value = eval(*arg->second->value, env, type.get());
    else if (parameter.value != nullptr)
      value = eval(*parameter.value, inner(), type.get());
    else if (type->kind != Kind::Optional) {
      value = fault("E415", at,
                    fmt::format("`{}` needs the argument `{}`", fn.name.text, parameter.name.text),
                    "missing");
    }
    sound = sound && !value.is_error();
    bind(parameter.name.text, std::move(value));
  }
  if (!sound) return Value::error();
  const TypeRef result = fn.result ? type_of(*symbol.module, *fn.result) : nullptr;
  return eval(*fn.value, inner(), result.get());
}

Value Evaluator::eval_index(const ast::Index& index, const Env& env, Range at) {
  Value base = eval(*index.base, env, nullptr);
  if (base.is_error()) return base;
  if (base.is(ValueKind::Family)) return index_family(base, index, env, at, false);
  if (index.args.size() != 1 || index.args[0].name) {
    return fault("E415", at, fmt::format("{} takes one plain index", kind_name(base)),
                 kind_name(base));
  }
  Value key = plain(eval(*index.args[0].value, env, nullptr));
  if (key.is_error()) return key;
  if (base.is(ValueKind::Data)) {
    std::string step;
    scalar_text(key, step);
    return data_member(base, step, false, at);
  }
  const std::optional<Value> tree = base.is(ValueKind::Node) || base.is(ValueKind::Output)
                                        ? try_convert(base, *simple(Kind::Tree))
                                        : std::nullopt;
  if (!tree) return index_plain(base, key, at);
  std::string text;
  const std::optional<std::string> part =
      scalar_text(key, text) ? relative_name(text) : std::nullopt;
  if (!part || part->empty())
    return fault("E417", index.args[0].range, "this names no file in the folder", show(key));
  auto object = std::make_shared<OutputObject>(tree->as<OutputObject>());
  object->part = object->part.empty() ? *part : object->part + "/" + *part;
  return Value(ValueKind::Output, 0, std::move(object));
}

Value Evaluator::index_plain(const Value& base, const Value& key, Range at) {
  if (base.is(ValueKind::List) && key.is(ValueKind::Int)) {
    const std::int64_t size = static_cast<std::int64_t>(base.items().size());
    if (key.number() >= 0 && key.number() < size)
      return base.items()[static_cast<std::size_t>(key.number())];
    return fault("E412", at,
                 fmt::format("this list has {} elements, there is no [{}]", size, key.number()),
                 "out of range", "the first element is [0]");
  }
  if (base.is(ValueKind::Map) && key.is(ValueKind::String)) {
    const Value* held = base.find(key.text());
    if (held) return *held;
    std::vector<std::string> names;
    for (const auto& field : base.fields())
      names.push_back(field.first);
    const std::optional<std::string> near = nearest(key.text(), names);
    return fault(
        "E412", at, fmt::format("no key `{}`", printable(key.text())),
        near ? fmt::format("did you mean `{}`?", printable(*near)) : "no such key",
        fmt::format("it has {}",
                    names.empty() ? "none" : printable(fmt::format("{}", fmt::join(names, ", ")))));
  }
  if (base.is(ValueKind::Tree) && key.is(ValueKind::String)) {
    return path_value(glob_quote(base.as<FileObject>().path + "/" + key.text()), false, nullptr, at,
                      false);
  }
  return fault("E415", at, fmt::format("{} has no index of {}", kind_name(base), kind_name(key)),
               kind_name(base));
}

Value Evaluator::eval_member(const ast::Member& member, const Env& env, Range at) {
  const auto* name = std::get_if<ast::Name>(&member.base->value);
  if (name && (name->text == "git" || name->text == "host")) {
    const std::optional<Value> own = find_name(name->text, env);
    if (!own) return fact(name->text, member.name.text, env, at);
  }
  const Value base = eval(*member.base, env, nullptr);
  return member_of(base, member.name.text, member.optional, member.name.range);
}

Value Evaluator::member_of(const Value& base, std::string_view name, bool optional, Range at) {
  switch (base.kind()) {
    case ValueKind::Error:
      return base;
    case ValueKind::None:
      if (optional) return base;
      return fault("E415", at, fmt::format("none has no field `{}`", name), "none here",
                   "write ?. if it may be none");
    case ValueKind::Data:
      return data_member(base, name, optional, at);
    case ValueKind::Map: {
      // The type is known to have this field: one that is left out is optional, and none.
      const Value* held = base.find(name);
      return held ? *held : Value();
    }
    case ValueKind::Version: {
      const SemVer& version = base.as<VersionObject>().version;
      if (name == "major") return Value::integer(static_cast<std::int64_t>(version.major_part));
      if (name == "minor") return Value::integer(static_cast<std::int64_t>(version.minor_part));
      if (name == "patch") return Value::integer(static_cast<std::int64_t>(version.patch_part));
      break;
    }
    case ValueKind::Node: {
      Cell& cell = *base.as<NodeObject>().cell;
      std::optional<Value> field = handle_field(cell, name);
      if (field) return std::move(*field);
      const std::vector<std::string> names = handle_names(cell);
      return fault(
          "E412", at, fmt::format("`{}` has no output `{}`", label_of(cell), name),
          "no such output",
          names.empty() ? "it makes nothing" : fmt::format("it has {}", fmt::join(names, ", ")));
    }
    case ValueKind::Family: {
      auto object = std::make_shared<FamilyObject>(base.as<FamilyObject>());
      object->path.push_back({std::string(name), {}});
      return Value(ValueKind::Family, 0, std::move(object));
    }
    default:
      break;
  }
  return fault("E415", at, fmt::format("{} has no field `{}`", kind_name(base), name),
               kind_name(base));
}

Value Evaluator::data_member(const Value& base, std::string_view name, bool optional, Range at) {
  const DataObject& data = base.as<DataObject>();
  auto object = std::make_shared<DataObject>(data);
  object->steps.emplace_back(name);
  const Value* part = nullptr;
  if (data.inner.is(ValueKind::Map)) {
    part = data.inner.find(name);
  } else if (data.inner.is(ValueKind::List)) {
    const bool is_number = !name.empty() &&
                           name.find_first_not_of("0123456789") == std::string_view::npos &&
                           name.size() < 10;
    const std::size_t index = is_number ? std::stoul(std::string(name)) : data.inner.items().size();
    if (index < data.inner.items().size()) part = &data.inner.items()[index];
  }
  if (part) {
    object->inner = *part;
    return Value(ValueKind::Data, 0, std::move(object));
  }
  world_.use_part(data, object->steps, nullptr);
  if (optional) return Value();
  Diagnostic* said =
      report("E406", at,
             fmt::format("//{} has no `{}`", printable(data.path), fmt::join(object->steps, ".")),
             "no such key");
  if (said && data.inner.is(ValueKind::Map)) {
    std::vector<std::string> names;
    for (const auto& field : data.inner.fields())
      names.push_back(field.first);
    const std::optional<std::string> near = nearest(name, names);
    if (near && said->where)
      said->where->label = fmt::format("did you mean `{}`?", printable(*near));
    said->helps.push_back(
        fmt::format("the keys there are {}", printable(fmt::format("{}", fmt::join(names, ", ")))));
  }
  if (said) said->helps.push_back(fmt::format("if it may be absent, write ?.{}", name));
  return Value::error();
}

}  // namespace devgraph::lang
