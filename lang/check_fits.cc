#include <algorithm>
#include <array>

#include "lang/check.h"
#include "lang/types.h"

namespace devgraph::lang {
namespace {

/// What a list literal or a list takes apart: where a list of files or nodes is expected, a list or
/// family stands for its elements.
bool takes_apart(const Type& item) {
  switch (item.kind) {
    case Kind::File:
    case Kind::Tree:
    case Kind::Node:
      return true;
    case Kind::Union:
      return std::ranges::any_of(item.items, [](const TypeRef& t) { return takes_apart(*t); });
    default:
      return false;
  }
}

bool record_fits(const std::vector<TypeField>& from, const Type& to, bool extra_is_fine) {
  for (const TypeField& want : to.fields) {
    const auto has =
        std::ranges::find_if(from, [&](const TypeField& f) { return f.name == want.name; });
    if (has == from.end()) {
      if (want.type->kind != Kind::Optional && !want.has_default) return false;
    } else if (!fits(*has->type, *want.type)) {
      return false;
    }
  }
  return extra_is_fine ||
         std::ranges::all_of(from, [&](const TypeField& f) { return to.field(f.name) != nullptr; });
}

bool node_fits(const Type& from, const Type& to) {
  if (to.kind == Kind::Node) return to.text.empty();
  if (to.kind == Kind::Record) return from.open || record_fits(from.fields, to, true);
  if (to.kind == Kind::List) return fits(from, *to.item);
  const TypeField* out = from.field("out");
  if (out) return fits(*out->type, to);
  return from.open && (to.kind == Kind::File || to.kind == Kind::Tree);
}

bool list_fits(const Type& from, const Type& to) {
  if (to.kind != Kind::List) return false;
  if (fits(*from.item, *to.item)) return true;
  return takes_apart(*to.item) &&
         std::ranges::all_of(
             from.item->kind == Kind::Union ? from.item->items : std::vector<TypeRef>{from.item},
             [&](const TypeRef& one) { return fits(*one, to); });
}

/// What `json(f).x` may turn out to be; evaluation looks.
bool data_fits(const Type& to) {
  switch (to.kind) {
    case Kind::String:
    case Kind::Int:
    case Kind::Bool:
    case Kind::Text:
    case Kind::Literal:
    case Kind::None:
      return true;
    case Kind::List:
    case Kind::Map:
      return data_fits(*to.item);
    case Kind::Record:
      return std::ranges::all_of(to.fields, [](const TypeField& f) {
        return data_fits(*f.type) || f.type->kind == Kind::Optional;
      });
    default:
      return false;
  }
}

bool plain_fits(const Type& from, const Type& to) {
  switch (from.kind) {
    case Kind::Literal:
      if (to.kind == Kind::Literal) return from.text == to.text;
      return to.kind == Kind::String || to.kind == Kind::Text;
    case Kind::String:
      return to.kind == Kind::Text;
    // A place in the tree: evaluation makes sure that it is a source's and not an output's.
    case Kind::File:
    case Kind::Tree:
      return to.kind == Kind::Path;
    case Kind::Record:
      if (to.kind == Kind::Record) return record_fits(from.fields, to, false);
      return to.kind == Kind::Map && std::ranges::all_of(from.fields, [&](const TypeField& f) {
               return fits(*f.type, *to.item);
             });
    case Kind::Map:
      return to.kind == Kind::Map && fits(*from.item, *to.item);
    default:
      return false;
  }
}

TypeRef one_of(std::initializer_list<Kind> kinds) {
  std::vector<TypeRef> items;
  for (const Kind kind : kinds)
    items.push_back(simple(kind));
  return union_of(items);
}

TypeRef words(std::initializer_list<const char*> values) {
  std::vector<TypeRef> items;
  for (const char* value : values)
    items.push_back(literal(value));
  return union_of(items);
}

}  // namespace

bool fits(const Type& from, const Type& to) {
  if (&from == &to || from.kind == Kind::Any || to.kind == Kind::Any || from.kind == Kind::Never) {
    return true;
  }
  if (from.kind == Kind::Optional) {
    return (to.kind == Kind::Optional || to.kind == Kind::Data) && fits(*from.item, to);
  }
  if (to.kind == Kind::Optional) return from.kind == Kind::None || fits(from, *to.item);
  if (from.kind == Kind::Union) {
    return std::ranges::all_of(from.items, [&](const TypeRef& t) { return fits(*t, to); });
  }
  if (to.kind == Kind::Union) {
    return std::ranges::any_of(to.items, [&](const TypeRef& t) { return fits(from, *t); });
  }
  if (from.kind == Kind::Data) return to.kind == Kind::Data || data_fits(to);
  if (from.kind == Kind::Node) return node_fits(from, to);
  if (from.kind == Kind::Family) {
    if (to.kind == Kind::Node) return to.text.empty();
    return to.kind == Kind::List && (fits(*from.item, *to.item) || fits(*from.item, to));
  }
  if (from.kind == Kind::List) return list_fits(from, to);
  if (from.kind == to.kind && !from.item && from.fields.empty() && from.text.empty()) {
    return to.fields.empty() || record_fits(from.fields, to, false);
  }
  if (plain_fits(from, to)) return true;
  return to.kind == Kind::List && fits(from, *to.item);  // One T for [T].
}

const std::vector<TypeField>& universal_fields() {
  static const std::vector<TypeField> kAll = [] {
    const TypeRef node = node_of("", {}, true);
    const TypeRef string = simple(Kind::String);
    const TypeRef content = one_of({Kind::File, Kind::Tree});
    const TypeRef image = record_of({{"out", simple(Kind::Tree)}, {"digest", simple(Kind::File)}});
    const TypeRef value = one_of({Kind::String, Kind::Text, Kind::Secret, Kind::File, Kind::Tree});
    std::vector<TypeField> all = {
        {"deps", list_of(union_of({content, node}))},
        {"after", list_of(node)},
        {"env", map_of(value)},
        {"stdin", one_of({Kind::String, Kind::Text, Kind::Secret, Kind::File})},
        {"secrets", map_of(simple(Kind::Secret))},
        {"tools", list_of(one_of({Kind::String, Kind::File}))},
        {"network", simple(Kind::Bool)},
        {"allow_failed", one_of({Kind::Int, Kind::String})},
        {"may_fail", simple(Kind::Bool)},
        {"within", union_of({node, image, simple(Kind::Tree)})},
        {"timeout", simple(Kind::Duration)},
        {"retries", simple(Kind::Int)},
        {"retry_on", string},
        {"backoff", simple(Kind::Duration)},
        {"ok", list_of(simple(Kind::Int))},
        {"pool", string},
        {"mutex", string},
        {"weight", simple(Kind::Int)},
        {"memory", simple(Kind::Size)},
        {"hints", map_of(string)},
        {"normalize", list_of(words({"comments", "crlf", "blank"}))},
        {"sandbox", simple(Kind::Bool)},
        {"cwd", words({"scratch", "inputs", "project"})},
        {"incremental", simple(Kind::Bool)},
        {"doc", string},
    };
    for (TypeField& field : all) {
      field.type = optional_of(field.type);  // `none` is as if it were not written.
      field.has_default = true;
    }
    return all;
  }();
  return kAll;
}

NativeKind native_kind(const ast::Rule& rule) {
  static constexpr std::array<std::string_view, 4> kCommands = {"script", "argv", "apply", "probe"};
  for (const ast::Parameter& one : rule.parameters) {
    if (std::ranges::find(kCommands, one.name.text) != kCommands.end()) return NativeKind::Command;
  }
  static constexpr std::array<std::string_view, 11> kNetwork = {
      "fetch",       "git_clone",  "dockerfile",  "wheel",         "sdist", "venv",
      "push_hashed", "wheel_test", "docker_load", "package_index", "pypi"};
  const bool network = rule.effect || std::ranges::find(kNetwork, rule.name.text) != kNetwork.end();
  return network ? NativeKind::Network : NativeKind::Local;
}

}  // namespace devgraph::lang
