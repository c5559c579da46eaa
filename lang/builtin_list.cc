/// Functions of lists and maps.

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/base/text.h"
#include "lang/builtin.h"

namespace devgraph::lang {

std::optional<Value> BuiltinCall::list_functions() {
  switch (builtin_.id) {
    case BuiltinId::Len:
    case BuiltinId::Keys:
    case BuiltinId::Values:
    case BuiltinId::Has:
      return map_function();
    case BuiltinId::Range:
      return range();
    case BuiltinId::Sort:
      return sort();
    case BuiltinId::Group:
      return group();
    case BuiltinId::Zip:
      return zip();
    case BuiltinId::Join:
      return join();
    case BuiltinId::Prefix:
      return glue(true);
    case BuiltinId::Suffix:
      return glue(false);
    case BuiltinId::Unique:
    case BuiltinId::Reverse:
    case BuiltinId::Flatten:
      return reordered();
    default:
      return std::nullopt;
  }
}

Value BuiltinCall::map_function() {
  const Value& value = arg(0);
  const bool is_many = value.is(ValueKind::List) || value.is(ValueKind::Family);
  if (builtin_.id == BuiltinId::Len && (is_many || value.is(ValueKind::String))) {
    const std::size_t size = is_many ? eval_.elements(value).size() : value.text().size();
    return Value::integer(static_cast<std::int64_t>(size));
  }
  if (!value.is(ValueKind::Map)) {
    const bool is_len = builtin_.id == BuiltinId::Len;
    return wrong_kind(0, is_len ? "a list, map or string" : "a map or record");
  }
  if (builtin_.id == BuiltinId::Len) {
    return Value::integer(static_cast<std::int64_t>(value.fields().size()));
  }
  if (builtin_.id == BuiltinId::Has) {
    const std::optional<std::string> key = text(1);
    return key ? Value::boolean(value.find(*key) != nullptr) : Value::error();
  }
  std::vector<Value> items;
  for (const auto& [name, one] : value.fields())
    items.push_back(builtin_.id == BuiltinId::Keys ? Value::string(name) : one);
  return Value::list(std::move(items));
}

Value BuiltinCall::range() {
  constexpr std::int64_t kLongest = 10'000'000;
  if (!arg(0).is(ValueKind::Int)) return wrong_kind(0, "an int");
  if (!arg(1).is(ValueKind::Int)) return wrong_kind(1, "an int");
  std::int64_t size = 0;
  if (__builtin_sub_overflow(arg(1).number(), arg(0).number(), &size) || size > kLongest)
    return wrong(fmt::format("a range has at most {} numbers", kLongest));
  std::vector<Value> items;
  for (std::int64_t i = arg(0).number(); i < arg(1).number(); ++i)
    items.push_back(Value::integer(i));
  return Value::list(std::move(items));
}

/// `unique`, `reverse` and `flatten`.
Value BuiltinCall::reordered() {
  std::optional<std::vector<Value>> items = list(0);
  if (!items) return Value::error();
  std::vector<Value> out;
  if (builtin_.id == BuiltinId::Reverse) {
    out.assign(items->rbegin(), items->rend());
  } else if (builtin_.id == BuiltinId::Flatten) {
    for (const Value& inner : *items) {
      for (Value& one : eval_.elements(inner))
        out.push_back(std::move(one));
    }
  } else {
    std::set<std::string> seen;
    for (const Value& one : *items) {
      std::string text;
      const bool is_new = scalar_text(one, text)
                              ? seen.insert(axis_key(one)).second
                              : std::none_of(out.begin(), out.end(),
                                             [&](const Value& held) { return equal(held, one); });
      if (is_new) out.push_back(one);
    }
  }
  return Value::list(std::move(out));
}

Value BuiltinCall::sort() {
  std::optional<std::vector<Value>> items = list(0);
  if (!items) return Value::error();
  for (const Value& one : *items) {
    const bool is_ordered = one.is(ValueKind::String) || one.is(ValueKind::Int) ||
                            one.is(ValueKind::Version) || one.is(ValueKind::Duration) ||
                            one.is(ValueKind::Size) || one.is(ValueKind::File);
    if (!is_ordered || one.kind() != items->front().kind())
      return wrong(fmt::format("a list with {} and {} has no order", kind_name(items->front()),
                               kind_name(one)),
                   "sort lists of strings, ints, versions, durations, sizes or files");
  }
  std::stable_sort(items->begin(), items->end(),
                   [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  return Value::list(std::move(*items));
}

Value BuiltinCall::group() {
  std::optional<std::vector<Value>> items = list(0);
  const std::optional<std::string> pattern = text(1);
  if (!items || !pattern) return Value::error();
  const re2::RE2 expression(*pattern, re2::RE2::Quiet);
  if (!expression.ok())
    return eval_.fault("E408", place(1),
                       fmt::format("`{}` is no regular expression", printable(*pattern)),
                       expression.error());
  const int groups = expression.NumberOfCapturingGroups() > 0 ? 2 : 1;
  std::vector<std::pair<std::string, std::vector<Value>>> found;
  std::map<std::string, std::size_t> index;
  for (const Value& one : *items) {
    std::string subject;
    if (one.is(ValueKind::File))
      subject = one.as<FileObject>().path;
    else if (!scalar_text(one, subject))
      return wrong(fmt::format("{} has no text to group by", kind_name(one)));
    re2::StringPiece match[2];
    if (!expression.Match(subject, 0, subject.size(), re2::RE2::UNANCHORED, match, groups)) {
      return wrong(
          fmt::format("`{}` does not match {}", printable(*pattern), show(one)),
          "every element has to match; leave others out with [for x in xs if matches(x, …): x]");
    }
    const std::string key(match[groups - 1].data() ? match[groups - 1].data() : "",
                          match[groups - 1].size());
    const auto [at, is_new] = index.emplace(key, found.size());
    if (is_new) found.emplace_back(key, std::vector<Value>());
    found[at->second].second.push_back(one);
  }
  ValueFields fields;
  for (auto& [key, members] : found)
    fields.emplace_back(key, Value::list(std::move(members)));
  return Value::map(std::move(fields));
}

Value BuiltinCall::zip() {
  const std::optional<std::vector<Value>> xs = list(0);
  const std::optional<std::vector<Value>> ys = list(1);
  if (!xs || !ys) return Value::error();
  if (xs->size() != ys->size())
    return wrong(fmt::format("`zip` needs lists of one length, these have {} and {}", xs->size(),
                             ys->size()));
  std::vector<Value> pairs;
  pairs.reserve(xs->size());
  for (std::size_t i = 0; i < xs->size(); ++i)
    pairs.push_back(Value::map({{"a", (*xs)[i]}, {"b", (*ys)[i]}}));
  return Value::list(std::move(pairs));
}

/// Elements of a list, or one value, with a text before or behind each: `-I` + folder.
Value BuiltinCall::glue(bool before) {
  const std::size_t which = before ? 0 : 1;
  const std::optional<std::string> fixed = text(which);
  if (!fixed) return Value::error();
  const Value& given = arg(1 - which);
  const bool is_list = given.is(ValueKind::List) || given.is(ValueKind::Family);
  std::vector<Value> out;
  for (const Value& raw : is_list ? eval_.elements(given) : std::vector<Value>{given}) {
    const Value one = eval_.plain(raw);
    std::string text;
    if (scalar_text(one, text)) {
      out.push_back(Value::string(before ? *fixed + text : text + *fixed));
      continue;
    }
    const std::optional<Value> input = as_input(one);
    if (!input) return wrong(fmt::format("text cannot be glued to {}", kind_name(one)));
    std::vector<Value> parts = {*input};
    parts.insert(before ? parts.begin() : parts.end(), Value::string(*fixed));
    out.push_back(Value::list(std::move(parts), ValueKind::Glue));
  }
  return Value::list(std::move(out));
}

Value BuiltinCall::join() {
  const std::optional<std::string> separator = text(0);
  if (!separator) return Value::error();
  const Value& given = arg(1);
  const bool is_list = given.is(ValueKind::List) || given.is(ValueKind::Family);
  std::vector<Value> values;
  if (is_list) {
    values = eval_.elements(given);
  } else {
    values.push_back(given);
  }
  std::string joined;
  std::vector<Value> parts;
  bool first = true;
  bool is_text = true;
  for (const Value& raw : values) {
    const Value one = eval_.plain(raw);
    if (!first) {
      joined += *separator;
      parts.push_back(Value::string(*separator));
    }
    first = false;
    std::string text;
    if (scalar_text(one, text)) {
      joined += text;
      parts.push_back(Value::string(text));
      continue;
    }
    const std::optional<Value> input = as_input(one);
    if (!input) return wrong(fmt::format("{} cannot be joined to a text", kind_name(one)));
    is_text = false;
    parts.push_back(*input);
  }
  if (is_text) return Value::string(std::move(joined));
  return Value::list(std::move(parts), ValueKind::Glue);
}

}  // namespace devgraph::lang
