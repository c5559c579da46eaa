#include "lang/signature_type.h"

#include <algorithm>
#include <cassert>

namespace devgraph::lang {
namespace {

/// Recursive descent over the few forms that the table uses; the table is ours, so no faults.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  TypeRef type() {
    std::vector<TypeRef> members = {one()};
    while (take('|'))
      members.push_back(one());
    TypeRef all = members.size() == 1 ? members.front() : union_of(members);
    return take('?') ? optional_of(std::move(all)) : all;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ')
      ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }
  TypeRef one() {
    if (take('[')) {
      TypeRef item = type();
      take(']');
      return list_of(std::move(item));
    }
    if (take('(')) {
      TypeRef inner = type();
      take(')');
      return inner;
    }
    if (take('"')) {
      const std::size_t end = text_.find('"', at_);
      const std::string_view value = text_.substr(at_, end - at_);
      at_ = end + 1;
      return literal(std::string(value));
    }
    return take('{') ? braces() : named(word());
  }
  TypeRef braces() {
    const std::size_t begin = at_;
    const std::string_view name = word();
    if (!name.empty() && take(':')) {
      std::vector<TypeField> fields = {{std::string(name), type()}};
      while (take(',')) {
        const std::string_view next = word();
        take(':');
        fields.push_back({std::string(next), type()});
      }
      take('}');
      return record_of(std::move(fields));
    }
    at_ = begin;
    TypeRef item = type();
    take('}');
    return map_of(std::move(item));
  }
  static TypeRef named(std::string_view name) {
    static const std::map<std::string_view, Kind> kKinds = {
        {"any", Kind::Any},          {"string", Kind::String},   {"int", Kind::Int},
        {"bool", Kind::Bool},        {"version", Kind::Version}, {"path", Kind::Path},
        {"file", Kind::File},        {"tree", Kind::Tree},       {"text", Kind::Text},
        {"secret", Kind::Secret},    {"data", Kind::Data},       {"size", Kind::Size},
        {"duration", Kind::Duration}};
    const auto at = kKinds.find(name);
    if (at != kKinds.end()) return simple(at->second);
    return std::make_shared<const Type>(Type{.kind = Kind::Any, .text = std::string(name)});
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

TypeRef parse_signature_type(std::string_view text) {
  return Reader(text).type();
}

bool has_variable(const Type& type) {
  if (type.kind == Kind::Any) return !type.text.empty();
  if (type.item && has_variable(*type.item)) return true;
  const auto in = [](const TypeRef& t) { return has_variable(*t); };
  return std::ranges::any_of(type.items, in) ||
         std::ranges::any_of(type.fields, [](const TypeField& f) { return has_variable(*f.type); });
}

void bind_variables(const TypeRef& pattern, const TypeRef& actual,
                    std::map<std::string, TypeRef>& bound) {
  if (pattern->kind == Kind::Any) {
    if (pattern->text.empty()) return;
    const auto at = bound.find(pattern->text);
    bound[pattern->text] = at == bound.end() ? actual : union_of({at->second, actual});
    return;
  }
  if (!pattern->item) return;
  for (const TypeRef& one : alternatives(actual)) {
    const bool is_unknown = one->kind == Kind::Any || one->kind == Kind::Data;
    const bool is_one = !one->item && pattern->kind == Kind::List;  // One T for [T].
    if (is_unknown || is_one) {
      bind_variables(pattern->item, one, bound);
    } else if (one->item) {
      bind_variables(pattern->item, one->item, bound);
    } else if (pattern->kind == Kind::Map) {
      for (const TypeField& field : one->fields)
        bind_variables(pattern->item, field.type, bound);
    }
  }
}

TypeRef with_variables(const TypeRef& pattern, const std::map<std::string, TypeRef>& bound) {
  if (pattern->kind == Kind::Any) {
    const auto at = bound.find(pattern->text);
    return at == bound.end() ? simple(Kind::Any) : at->second;
  }
  switch (pattern->kind) {
    case Kind::List:
      return list_of(with_variables(pattern->item, bound));
    case Kind::Map:
      return map_of(with_variables(pattern->item, bound));
    case Kind::Optional:
      return optional_of(with_variables(pattern->item, bound));
    case Kind::Record: {
      std::vector<TypeField> fields = pattern->fields;
      for (TypeField& field : fields)
        field.type = with_variables(field.type, bound);
      return record_of(std::move(fields));
    }
    default:
      return pattern;
  }
}

}  // namespace devgraph::lang
