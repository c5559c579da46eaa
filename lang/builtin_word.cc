/// Functions that make words of a command.

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/builtin.h"

namespace devgraph::lang {
namespace {

bool gives_no_words(const Value& value) {
  return value.is_none() || (value.is(ValueKind::Bool) && !value.is_true());
}

bool is_flag_alone(const Value& value) {
  return value.is(ValueKind::Bool) && value.is_true();
}

}  // namespace

std::optional<Value> BuiltinCall::word_functions() {
  switch (builtin_.id) {
    case BuiltinId::Opt:
      return opt();
    case BuiltinId::Opts:
      return opts();
    case BuiltinId::Each:
      return each();
    case BuiltinId::Rsp: {
      const bool is_list = arg(0).is(ValueKind::List) || arg(0).is(ValueKind::Family);
      return Value::list(is_list ? eval_.elements(arg(0)) : std::vector<Value>{arg(0)},
                         ValueKind::Rsp);
    }
    case BuiltinId::Raw:
      return arg(0);
    default:
      return std::nullopt;
  }
}

/// `opt("--file", f)`: the flag and the value; a list repeats the flag.
Value BuiltinCall::opt() {
  const std::optional<std::string> flag = text(0);
  if (!flag) return Value::error();
  std::vector<Value> words;
  if (gives_no_words(arg(1))) return Value::list({});
  words.push_back(Value::string(*flag));
  if (!is_flag_alone(arg(1))) words.push_back(arg(1));
  return Value::list(std::move(words));
}

/// `opts({ a = 1, b = true })`: `--a 1 --b`; a list repeats its flag.
Value BuiltinCall::opts() {
  if (!arg(0).is(ValueKind::Map)) return wrong_kind(0, "a record or map");
  std::vector<Value> words;
  for (const auto& [name, raw] : arg(0).fields()) {
    const Value value = eval_.plain(raw);
    const bool is_list = value.is(ValueKind::List) || value.is(ValueKind::Family);
    for (const Value& one : is_list ? eval_.elements(value) : std::vector<Value>{value}) {
      if (gives_no_words(one)) continue;
      words.push_back(Value::string("--" + name));
      if (!is_flag_alone(one)) words.push_back(one);
    }
  }
  return Value::list(std::move(words));
}

/// `each("--build-arg", m)`: `--build-arg k=v` for each.
Value BuiltinCall::each() {
  const std::optional<std::string> flag = text(0);
  if (!flag) return Value::error();
  std::vector<Value> words;
  if (arg(1).is(ValueKind::Map)) {
    for (const auto& [name, raw] : arg(1).fields()) {
      const Value value = eval_.plain(raw);
      if (gives_no_words(value)) continue;
      words.push_back(Value::string(*flag));
      std::string shown;
      if (scalar_text(value, shown)) {
        words.push_back(Value::string(fmt::format("{}={}", name, shown)));
        continue;
      }
      const std::optional<Value> input = as_input(value);
      if (!input)
        return wrong(
            fmt::format("`{}` is {}, which is no word", printable(name), kind_name(value)));
      words.push_back(Value::list({Value::string(name + "="), *input}, ValueKind::Glue));
    }
    return Value::list(std::move(words));
  }
  const std::optional<std::vector<Value>> items = list(1);
  if (!items) return Value::error();
  for (const Value& one : *items) {
    words.push_back(Value::string(*flag));
    words.push_back(one);
  }
  return Value::list(std::move(words));
}

}  // namespace devgraph::lang
