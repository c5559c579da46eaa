#include "lang/types.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace devgraph::lang {
namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::Family) + 1;

std::string_view simple_name(Kind kind) {
  switch (kind) {
    case Kind::Any:
      return "unknown";
    case Kind::Never:
      return "nothing";
    case Kind::None:
      return "none";
    case Kind::String:
      return "string";
    case Kind::Int:
      return "int";
    case Kind::Bool:
      return "bool";
    case Kind::Duration:
      return "duration";
    case Kind::Size:
      return "size";
    case Kind::Version:
      return "version";
    case Kind::Path:
      return "path";
    case Kind::File:
      return "file";
    case Kind::Tree:
      return "tree";
    case Kind::Script:
      return "script";
    case Kind::Text:
      return "text";
    case Kind::Secret:
      return "secret";
    case Kind::Data:
      return "data";
    default:
      return "";
  }
}

TypeRef make(Type type) {
  return std::make_shared<const Type>(std::move(type));
}

/// A literal as it is written between quotes.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '{' || c == '}') out += '\\';
    out += c;
  }
  return out + '"';
}

/// Members of nested unions, optionals taken apart: T? gives T and none.
void flatten_into(const TypeRef& type, std::vector<TypeRef>& out) {
  if (type->kind == Kind::Union) {
    for (const TypeRef& member : type->items)
      flatten_into(member, out);
  } else if (type->kind == Kind::Optional) {
    flatten_into(type->item, out);
    out.push_back(simple(Kind::None));
  } else if (type->kind != Kind::Never) {
    out.push_back(type);
  }
}

}  // namespace

const TypeField* Type::field(std::string_view name) const {
  for (const TypeField& one : fields) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

TypeRef simple(Kind kind) {
  static const std::array<TypeRef, kKinds> kAll = [] {
    std::array<TypeRef, kKinds> all;
    for (std::size_t i = 0; i < kKinds; ++i)
      all[i] = make({.kind = static_cast<Kind>(i)});
    return all;
  }();
  return kAll[static_cast<std::size_t>(kind)];
}

TypeRef list_of(TypeRef item) {
  return make({.kind = Kind::List, .item = std::move(item)});
}
TypeRef map_of(TypeRef item) {
  return make({.kind = Kind::Map, .item = std::move(item)});
}

TypeRef optional_of(TypeRef item) {
  if (item->kind == Kind::Optional || item->kind == Kind::Any || item->kind == Kind::None ||
      item->kind == Kind::Data) {
    return item;
  }
  return make({.kind = Kind::Optional, .item = std::move(item)});
}

TypeRef literal(std::string text) {
  return make({.kind = Kind::Literal, .text = std::move(text)});
}

TypeRef record_of(std::vector<TypeField> fields) {
  return make({.kind = Kind::Record, .fields = std::move(fields)});
}

TypeRef node_of(std::string rule, std::vector<TypeField> outputs, bool open) {
  return make(
      {.kind = Kind::Node, .text = std::move(rule), .fields = std::move(outputs), .open = open});
}

TypeRef family_of(TypeRef item, std::vector<std::string> axes, std::vector<TypeRef> axis_types) {
  if (axes.empty()) return item;
  if (item->kind == Kind::Family) {
    axes.insert(axes.end(), item->axes.begin(), item->axes.end());
    axis_types.insert(axis_types.end(), item->axis_types.begin(), item->axis_types.end());
    item = item->item;
  }
  return make({.kind = Kind::Family,
               .item = std::move(item),
               .axes = std::move(axes),
               .axis_types = std::move(axis_types)});
}

TypeRef union_of(const std::vector<TypeRef>& items) {
  std::vector<TypeRef> flat;
  for (const TypeRef& item : items)
    flatten_into(item, flat);

  std::set<std::string> literals;
  bool string = false;
  bool none = false;
  std::vector<TypeRef> others;
  std::vector<TypeRef> kept_literals;
  for (const TypeRef& type : flat) {
    if (type->kind == Kind::Any) return type;
    if (type->kind == Kind::None) {
      none = true;
    } else if (type->kind == Kind::Literal) {
      if (literals.insert(type->text).second) kept_literals.push_back(type);
    } else if (std::ranges::none_of(others, [&](const TypeRef& t) { return same(*t, *type); })) {
      string |= type->kind == Kind::String;
      others.push_back(type);
    }
  }
  if (!string && kept_literals.size() > kMaxLiterals) {
    others.push_back(simple(Kind::String));
  } else if (!string) {
    others.insert(others.begin(), kept_literals.begin(), kept_literals.end());
  }
  // An empty list is one of any type.
  const auto is_empty_list = [](const TypeRef& type) {
    return type->kind == Kind::List && type->item->kind == Kind::Never;
  };
  const bool has_list = std::ranges::any_of(others, [&](const TypeRef& type) {
    return type->kind == Kind::List && !is_empty_list(type);
  });
  if (has_list) std::erase_if(others, is_empty_list);
  if (others.empty()) return simple(none ? Kind::None : Kind::Never);
  const TypeRef all =
      others.size() == 1 ? others.front() : make({.kind = Kind::Union, .items = std::move(others)});
  return none ? optional_of(all) : all;
}

bool same(const Type& a, const Type& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.text != b.text || a.open != b.open || a.axes != b.axes) return false;
  if ((a.item == nullptr) != (b.item == nullptr)) return false;
  if (a.item && !same(*a.item, *b.item)) return false;
  if (a.items.size() != b.items.size() || a.fields.size() != b.fields.size()) return false;
  for (const TypeRef& one : a.items) {
    if (std::ranges::none_of(b.items, [&](const TypeRef& t) { return same(*one, *t); })) {
      return false;
    }
  }
  return std::ranges::all_of(a.fields, [&](const TypeField& one) {
    const TypeField* other = b.field(one.name);
    return other && one.has_default == other->has_default && same(*one.type, *other->type);
  });
}

std::vector<TypeRef> alternatives(const TypeRef& type) {
  const TypeRef& bare = type->kind == Kind::Optional ? type->item : type;
  return bare->kind == Kind::Union ? bare->items : std::vector<TypeRef>{bare};
}

TypeRef without_none(const TypeRef& type) {
  return type->kind == Kind::Optional ? type->item : type;
}

std::string show(const Type& type) {
  switch (type.kind) {
    case Kind::Literal:
      return quoted(type.text);
    case Kind::List:
      return type.item->kind == Kind::Never ? "[]" : fmt::format("[{}]", show(*type.item));
    case Kind::Map:
      return fmt::format("{{{}}}", show(*type.item));
    case Kind::Optional: {
      const bool wrap = type.item->kind == Kind::Union;
      return wrap ? fmt::format("({})?", show(*type.item)) : show(*type.item) + "?";
    }
    case Kind::Record: {
      std::vector<std::string> parts;
      parts.reserve(type.fields.size());
      for (const TypeField& field : type.fields) {
        parts.push_back(fmt::format("{}: {}", field.name, show(*field.type)));
      }
      return parts.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(parts, ", "));
    }
    case Kind::Union: {
      std::vector<std::string> parts;
      parts.reserve(type.items.size());
      for (const TypeRef& item : type.items)
        parts.push_back(show(*item));
      return fmt::format("{}", fmt::join(parts, " | "));
    }
    case Kind::Node:
      return type.text.empty() ? "node" : fmt::format("node of {}", type.text);
    case Kind::Family:
      return fmt::format("family [{}] of {}", fmt::join(type.axes, ", "), show(*type.item));
    default:
      return std::string(simple_name(type.kind));
  }
}

}  // namespace devgraph::lang
