/// Values to the types that are expected where they stand.

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/eval.h"

namespace devgraph::lang {
namespace {

std::optional<Value> if_kind(const Value& value, ValueKind kind) {
  return value.is(kind) ? std::optional(value) : std::nullopt;
}

/// True if a list of such elements may be written as a glob, a family or nested lists of them.
bool is_content(const Type& type) {
  switch (type.kind) {
    case Kind::File:
    case Kind::Tree:
    case Kind::Node:
    case Kind::Record:
      return true;
    case Kind::Optional:
      return is_content(*type.item);
    case Kind::Union:
      for (const TypeRef& item : type.items) {
        if (is_content(*item)) return true;
      }
      return false;
    default:
      return false;
  }
}

/// Cheap: true only if conversion would change nothing.
bool fits_as_is(const Value& value, const Type& type) {
  switch (type.kind) {
    case Kind::Any:
      return true;
    case Kind::String:
      return value.is(ValueKind::String);
    case Kind::File:
      return value.is(ValueKind::File) || value.is(ValueKind::Tool);
    case Kind::Int:
      return value.is(ValueKind::Int);
    default:
      return false;
  }
}

/// Kinds that a value either has or has not.
std::optional<ValueKind> plain_kind(Kind kind) {
  switch (kind) {
    case Kind::None:
      return ValueKind::None;
    case Kind::String:
      return ValueKind::String;
    case Kind::Int:
      return ValueKind::Int;
    case Kind::Bool:
      return ValueKind::Bool;
    case Kind::Duration:
      return ValueKind::Duration;
    case Kind::Size:
      return ValueKind::Size;
    case Kind::Version:
      return ValueKind::Version;
    case Kind::Script:
      return ValueKind::Script;
    case Kind::Secret:
      return ValueKind::Secret;
    default:
      return std::nullopt;
  }
}

std::optional<Value> to_path(const Value& value) {
  if (value.is(ValueKind::Tree)) return Value::path(value.as<FileObject>().path + "/", true);
  // A name that came through a record written elsewhere.
  if (value.is(ValueKind::String) && relative_name(value.text())) {
    return Value::path(value.text(), false);
  }
  return if_kind(value, ValueKind::Path);
}

}  // namespace

Value Evaluator::convert(const Value& value, const Type& to, Range at) {
  if (value.is_error() || fits_as_is(value, to)) return value;
  std::optional<Value> converted = try_convert(value, to);
  if (converted) return std::move(*converted);
  if (value.is(ValueKind::Data)) {
    const DataObject& data = value.as<DataObject>();
    return fault("E407", at,
                 fmt::format("{} is needed here, the file has {}", show(to), kind_name(data.inner)),
                 show(data.inner),
                 fmt::format("it comes from `{}` of //{}", fmt::join(data.steps, "."),
                             printable(data.path)));
  }
  return fault("E415", at, fmt::format("{} is needed here, this is {}", show(to), kind_name(value)),
               show(value));
}

bool Evaluator::value_fits(const Value& value, const Type& to) {
  return try_convert(value, to).has_value();
}

std::optional<Value> Evaluator::convert_data(const Value& value, const Type& to) {
  const DataObject& data = value.as<DataObject>();
  const Value inner = plain(value);
  // An int of a file is its text where a string is expected; nothing else converts.
  if (to.kind == Kind::String && inner.is(ValueKind::Int)) {
    return Value::string(fmt::format("{}", inner.number()));
  }
  if (inner.is(ValueKind::List) && to.kind == Kind::List) {
    std::vector<Value> items;
    for (const Value& item : inner.items()) {
      auto part = std::make_shared<DataObject>(data);
      part->steps.push_back(fmt::format("{}", items.size()));
      part->inner = item;
      std::optional<Value> one = try_convert(Value(ValueKind::Data, 0, std::move(part)), *to.item);
      if (!one) return std::nullopt;
      items.push_back(std::move(*one));
    }
    return Value::list(std::move(items));
  }
  return try_convert(inner, to);
}

std::optional<Value> Evaluator::to_content(const Value& value, const Type& to) {
  if (value.is(ValueKind::Node)) return convert_handle(*value.as<NodeObject>().cell, to);
  if (value.is(ValueKind::Family) && value.as<FamilyObject>().cells.size() == 1) {
    const std::vector<Value> all = handles(value);
    return all.empty() ? std::nullopt : try_convert(all[0], to);
  }
  if (to.kind == Kind::Tree && value.is(ValueKind::Tree)) return value;
  if (!value.is(ValueKind::Output)) return std::nullopt;
  const OutputObject& output = value.as<OutputObject>();
  if (!output.part.empty()) return value;
  const bool is_tree = output.cell->outputs[output.index].kind == OutputKind::Tree;
  return is_tree == (to.kind == Kind::Tree) ? std::optional(value) : std::nullopt;
}

std::optional<Value> Evaluator::try_convert(const Value& value, const Type& to) {
  if (value.is_error() || fits_as_is(value, to)) return value;
  if (value.is(ValueKind::Data) && to.kind != Kind::Data && to.kind != Kind::Any) {
    return convert_data(value, to);
  }
  if (const std::optional<ValueKind> kind = plain_kind(to.kind)) return if_kind(value, *kind);
  switch (to.kind) {
    case Kind::Literal:
      if (value.is(ValueKind::String) && value.text() == to.text) return value;
      return std::nullopt;
    case Kind::Path:
      return to_path(value);
    case Kind::File:
    case Kind::Tree:
      return to_content(value, to);
    case Kind::Text:
      if (value.is(ValueKind::Text) || value.is(ValueKind::String)) return value;
      return std::nullopt;
    case Kind::Optional:
      return value.is_none() ? std::optional(value) : try_convert(value, *to.item);
    case Kind::List:
      return convert_list(value, *to.item);
    case Kind::Map:
    case Kind::Record:
      return convert_fields(value, to);
    case Kind::Union:
      for (const TypeRef& item : to.items) {
        std::optional<Value> converted = try_convert(value, *item);
        if (converted) return converted;
      }
      return std::nullopt;
    case Kind::Node:
      if (value.is(ValueKind::Node) || value.is(ValueKind::Output)) return value;
      return std::nullopt;
    default:
      return value;
  }
}

std::optional<Value> Evaluator::convert_list(const Value& value, const Type& item) {
  const bool is_many = value.is(ValueKind::List) || value.is(ValueKind::Family);
  if (!is_many) {
    std::optional<Value> one = try_convert(value, item);
    if (!one || one->is_none()) return std::nullopt;
    return Value::list({std::move(*one)});
  }
  if (value.is(ValueKind::List)) {
    bool same = true;
    for (const Value& one : value.items())
      same = same && fits_as_is(one, item);
    if (same) return value;
  }
  std::vector<Value> items;
  for (const Value& one : elements(value)) {
    const bool nested = one.is(ValueKind::List) || one.is(ValueKind::Family);
    if (nested && is_content(item)) {
      std::optional<Value> inner = convert_list(one, item);
      if (!inner) return std::nullopt;
      for (const Value& deep : inner->items())
        items.push_back(deep);
      continue;
    }
    std::optional<Value> converted = try_convert(one, item);
    if (!converted) return std::nullopt;
    items.push_back(std::move(*converted));
  }
  return Value::list(std::move(items));
}

std::optional<Value> Evaluator::convert_fields(const Value& value, const Type& to) {
  if (value.is(ValueKind::Node)) return convert_handle(*value.as<NodeObject>().cell, to);
  if (!value.is(ValueKind::Map)) return std::nullopt;
  ValueFields fields;
  for (const auto& [name, inner] : value.fields()) {
    const TypeField* field = to.kind == Kind::Record ? to.field(name) : nullptr;
    if (to.kind == Kind::Record && !field) return std::nullopt;
    std::optional<Value> converted = try_convert(inner, field ? *field->type : *to.item);
    if (!converted) return std::nullopt;
    fields.emplace_back(name, std::move(*converted));
  }
  for (const TypeField& field : to.fields) {
    const bool may_miss = field.type->kind == Kind::Optional || field.has_default;
    if (!may_miss && value.find(field.name) == nullptr) return std::nullopt;
  }
  return Value::map(std::move(fields));
}

std::optional<Value> Evaluator::convert_handle(Cell& cell, const Type& to) {
  if (to.kind == Kind::File || to.kind == Kind::Tree) {
    std::optional<Value> out = handle_field(cell, "out");
    if (out && out->is_error()) return out;
    return out && out->is(ValueKind::Output) ? try_convert(*out, to) : std::nullopt;
  }
  ValueFields fields;
  if (to.kind == Kind::Map) {
    for (const std::string& name : handle_names(cell)) {
      const std::optional<Value> field = handle_field(cell, name);
      std::optional<Value> converted = field ? try_convert(*field, *to.item) : std::nullopt;
      if (!converted) return std::nullopt;
      fields.emplace_back(name, std::move(*converted));
    }
    return Value::map(std::move(fields));
  }
  for (const TypeField& field : to.fields) {
    const std::optional<Value> held = handle_field(cell, field.name);
    if (!held && field.type->kind == Kind::Optional) continue;
    std::optional<Value> converted = held ? try_convert(*held, *field.type) : std::nullopt;
    if (!converted) return std::nullopt;
    fields.emplace_back(field.name, std::move(*converted));
  }
  return Value::map(std::move(fields));
}

}  // namespace devgraph::lang
