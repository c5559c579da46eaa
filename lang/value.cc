#include "lang/value.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::lang {

Value Value::string(std::string text) {
  auto object = std::make_shared<StringObject>();
  object->text = std::move(text);
  return Value(ValueKind::String, 0, std::move(object));
}

Value Value::list(std::vector<Value> items, ValueKind kind) {
  auto object = std::make_shared<ListObject>();
  object->items = std::move(items);
  return Value(kind, 0, std::move(object));
}

Value Value::map(ValueFields fields) {
  // Below this a scan is faster than a hash.
  constexpr std::size_t kIndexed = 16;
  auto object = std::make_shared<MapObject>();
  object->fields = std::move(fields);
  if (object->fields.size() > kIndexed) {
    for (std::uint32_t i = 0; i < object->fields.size(); ++i) {
      object->index.emplace(object->fields[i].first, i);
    }
  }
  return Value(ValueKind::Map, 0, std::move(object));
}

Value Value::file(std::string path, std::string glob_base, ValueKind kind) {
  auto object = std::make_shared<FileObject>();
  object->path = std::move(path);
  object->glob_base = std::move(glob_base);
  return Value(kind, 0, std::move(object));
}

Value Value::path(std::string text, bool in_tree) {
  auto object = std::make_shared<PathObject>();
  object->is_folder = text.ends_with('/');
  object->text = std::move(text);
  object->in_tree = in_tree;
  return Value(ValueKind::Path, 0, std::move(object));
}

const std::string& Value::text() const {
  return as<StringObject>().text;
}
const std::vector<Value>& Value::items() const {
  return as<ListObject>().items;
}
const ValueFields& Value::fields() const {
  return as<MapObject>().fields;
}

const Value* Value::find(std::string_view name) const {
  const MapObject& map = as<MapObject>();
  if (!map.index.empty()) {
    const auto at = map.index.find(name);
    return at == map.index.end() ? nullptr : &map.fields[at->second].second;
  }
  for (const auto& [key, value] : map.fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string kind_name(const Value& value) {
  switch (value.kind()) {
    case ValueKind::Error:
      return "an error";
    case ValueKind::None:
      return "none";
    case ValueKind::Bool:
      return "a bool";
    case ValueKind::Int:
      return "an int";
    case ValueKind::Duration:
      return "a duration";
    case ValueKind::Size:
      return "a size";
    case ValueKind::String:
      return "a string";
    case ValueKind::Version:
      return "a version";
    case ValueKind::Path:
      return "a path";
    case ValueKind::File:
      return "a file";
    case ValueKind::Tree:
      return "a tree";
    case ValueKind::Tool:
      return "a tool";
    case ValueKind::Slot:
      return "an output of this node";
    case ValueKind::Output:
      return "a built file";
    case ValueKind::Node:
      return "a node";
    case ValueKind::Family:
      return "a family";
    case ValueKind::List:
      return "a list";
    case ValueKind::Map:
      return "a record or map";
    case ValueKind::Glue:
      return "a word";
    case ValueKind::Rsp:
      return "a response file";
    case ValueKind::Text:
      return "a text";
    case ValueKind::Secret:
      return "a secret";
    case ValueKind::Script:
      return "a script";
    case ValueKind::Data:
      return "data";
  }
  return "a value";
}

namespace {

std::string show_number(std::int64_t value, ValueKind kind) {
  struct Unit {
    std::int64_t size;
    const char* name;
  };
  static constexpr Unit kDurations[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}};
  static constexpr Unit kSizes[] = {
      {1LL << 40, "TiB"}, {1LL << 30, "GiB"}, {1LL << 20, "MiB"}, {1LL << 10, "KiB"}, {1, "B"}};
  for (const Unit& unit : kind == ValueKind::Duration ? kDurations : kSizes) {
    if (value % unit.size == 0) return fmt::format("{}{}", value / unit.size, unit.name);
  }
  return fmt::format("{}", value);
}

template <class Items, class Show>
std::string show_items(const Items& items, Show show_one) {
  constexpr std::size_t kShown = 4;
  std::string text;
  std::size_t count = 0;
  for (const auto& item : items) {
    if (count > 0) text += ", ";
    if (count == kShown) return text + fmt::format("… ({} in all)", items.size());
    text += show_one(item);
    ++count;
  }
  return text;
}

}  // namespace

std::string show(const Value& value) {
  switch (value.kind()) {
    case ValueKind::None:
      return "none";
    case ValueKind::Bool:
      return value.is_true() ? "true" : "false";
    case ValueKind::Int:
      return fmt::format("{}", value.number());
    case ValueKind::Duration:
    case ValueKind::Size:
      return show_number(value.number(), value.kind());
    case ValueKind::String: {
      const std::string& text = value.text();
      return text.size() > 60 ? "\"" + printable(text.substr(0, 60)) + "…\""
                              : "\"" + printable(text) + "\"";
    }
    case ValueKind::Version:
      return show(value.as<VersionObject>().version);
    case ValueKind::Path:
      return printable(value.as<PathObject>().text);
    case ValueKind::File:
      return "//" + printable(value.as<FileObject>().path);
    case ValueKind::Tree:
      return "//" + printable(value.as<FileObject>().path) + "/";
    case ValueKind::Tool:
      return "tool(\"" + printable(value.text()) + "\")";
    case ValueKind::Secret:
      return "secret(\"" + printable(value.text()) + "\")";
    case ValueKind::List:
      return "[" + show_items(value.items(), [](const Value& item) { return show(item); }) + "]";
    case ValueKind::Map:
      return "{ " +
             show_items(value.fields(),
                        [](const auto& field) {
                          return printable(field.first) + " = " + show(field.second);
                        }) +
             " }";
    case ValueKind::Data:
      return show(value.as<DataObject>().inner);
    default:
      return kind_name(value);
  }
}

bool scalar_text(const Value& value, std::string& text) {
  switch (value.kind()) {
    case ValueKind::String:
      text = value.text();
      return true;
    case ValueKind::Int:
      text = fmt::format("{}", value.number());
      return true;
    case ValueKind::Bool:
      text = value.is_true() ? "true" : "false";
      return true;
    case ValueKind::Version:
      text = show(value.as<VersionObject>().version);
      return true;
    default:
      return false;
  }
}

namespace {

bool equal_lists(const std::vector<Value>& a, const std::vector<Value>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i])) return false;
  }
  return true;
}

bool equal_paths(const std::vector<FamilyStep>& a, const std::vector<FamilyStep>& b) {
  const auto same_pick = [](const AxisPick& x, const AxisPick& y) {
    return x.axis == y.axis && x.several == y.several && equal_lists(x.values, y.values);
  };
  return std::ranges::equal(a, b, [&](const FamilyStep& x, const FamilyStep& y) {
    return x.field == y.field && std::ranges::equal(x.picks, y.picks, same_pick);
  });
}

bool equal_maps(const Value& a, const Value& b) {
  if (a.fields().size() != b.fields().size()) return false;
  for (const auto& [name, value] : a.fields()) {
    const Value* other = b.find(name);
    if (!other || !equal(value, *other)) return false;
  }
  return true;
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  if (a.is(ValueKind::Data)) return equal(a.as<DataObject>().inner, b);
  if (b.is(ValueKind::Data)) return equal(a, b.as<DataObject>().inner);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::String:
    case ValueKind::Tool:
      return a.text() == b.text();
    case ValueKind::Version:
      return compare(a.as<VersionObject>().version, b.as<VersionObject>().version) == 0;
    case ValueKind::Path:
      return a.as<PathObject>().text == b.as<PathObject>().text;
    case ValueKind::File:
    case ValueKind::Tree:
      return a.as<FileObject>().path == b.as<FileObject>().path;
    case ValueKind::Output: {
      const OutputObject& x = a.as<OutputObject>();
      const OutputObject& y = b.as<OutputObject>();
      return x.cell == y.cell && x.index == y.index && x.part == y.part;
    }
    case ValueKind::Node:
      return a.as<NodeObject>().cell == b.as<NodeObject>().cell;
    case ValueKind::Family: {
      const FamilyObject& x = a.as<FamilyObject>();
      const FamilyObject& y = b.as<FamilyObject>();
      return x.family == y.family && x.cells == y.cells && equal_paths(x.path, y.path);
    }
    case ValueKind::List:
    case ValueKind::Glue:
    case ValueKind::Rsp:
    case ValueKind::Text:
      return equal_lists(a.items(), b.items());
    case ValueKind::Map:
      return equal_maps(a, b);
    case ValueKind::Secret:
    case ValueKind::Script:
      return false;
    default:
      return a.number() == b.number();
  }
}

int compare(const Value& a, const Value& b) {
  const auto sign = [](auto order) { return order < 0 ? -1 : order > 0 ? 1 : 0; };
  if (a.is(ValueKind::String) && b.is(ValueKind::String)) return sign(a.text().compare(b.text()));
  if (a.is(ValueKind::Version) && b.is(ValueKind::Version)) {
    return sign(compare(a.as<VersionObject>().version, b.as<VersionObject>().version));
  }
  if (a.is(ValueKind::File) && b.is(ValueKind::File)) {
    return sign(a.as<FileObject>().path.compare(b.as<FileObject>().path));
  }
  return a.number() < b.number() ? -1 : a.number() > b.number() ? 1 : 0;
}

namespace {

void hash_data(const Value& value, Hasher& hasher) {
  hasher.number(static_cast<std::uint64_t>(value.kind()));
  switch (value.kind()) {
    case ValueKind::String:
      hasher.field(value.text());
      return;
    case ValueKind::List:
      hasher.number(value.items().size());
      for (const Value& item : value.items())
        hash_data(item, hasher);
      return;
    case ValueKind::Map:
      hasher.number(value.fields().size());
      for (const auto& [name, item] : value.fields()) {
        hasher.field(name);
        hash_data(item, hasher);
      }
      return;
    default:
      hasher.number(static_cast<std::uint64_t>(value.number()));
  }
}

}  // namespace

Digest digest_of_data(const Value& value) {
  Hasher hasher;
  hash_data(value, hasher);
  return hasher.finish();
}

std::string axis_key(const Value& value) {
  std::string text;
  scalar_text(value, text);
  return fmt::format("{}{}:{}", static_cast<int>(value.kind()), text.size(), text);
}

}  // namespace devgraph::lang
