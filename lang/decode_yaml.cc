#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "engine/base/text.h"
#include "lang/decode_formats.h"

namespace devgraph::lang {
namespace {

constexpr std::size_t kDeepest = 256;

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> as_bool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<std::int64_t> as_int(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// The core schema of YAML 1.2: `yes` and `no` are strings; a float is its text.
Value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  // `!` is the tag that the parser gives to a scalar in quotes.
  if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return Value::string(text);
  if (is_null(text)) return Value();
  if (const std::optional<bool> value = as_bool(text)) return Value::boolean(*value);
  if (const std::optional<std::int64_t> value = as_int(text)) return Value::integer(*value);
  return Value::string(text);
}

/// From a mark to the end of its word. Columns count bytes.
std::optional<DataPlace> place_of(std::string_view text, const YAML::Mark& mark) {
  if (mark.is_null()) return std::nullopt;
  std::size_t at = 0;
  for (int line = 0; line < mark.line; ++line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return DataPlace{text.size(), text.size()};
    ++at;
  }
  const std::size_t line_end = std::min(text.find('\n', at), text.size());
  at = std::min(at + static_cast<std::size_t>(std::max(mark.column, 0)), line_end);
  const std::size_t end = std::min(text.find_first_of(" \t\r\n:,[]{}", at), text.size());
  return DataPlace{at, std::max(end, std::min(at + 1, text.size()))};
}

Decoded<Value> convert(std::string_view text, const YAML::Node& node, std::size_t depth,
                       std::size_t& budget) {
  // Aliases share nodes, so a small text can stand for a huge tree.
  if (depth > kDeepest || budget == 0)
    return data_fault("it is nested too deep or too large", place_of(text, node.Mark()));
  --budget;
  if (node.IsScalar()) return scalar(node);
  if (node.IsSequence()) {
    std::vector<Value> items;
    for (const YAML::Node& item : node) {
      Decoded<Value> value = convert(text, item, depth + 1, budget);
      if (!value) return value;
      items.push_back(std::move(*value));
    }
    return Value::list(std::move(items));
  }
  if (!node.IsMap()) return Value();
  ValueFields fields;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar())
      return data_fault("a key is no scalar", place_of(text, entry.first.Mark()));
    const std::string& key = entry.first.Scalar();
    for (const auto& field : fields) {
      if (field.first == key)
        return data_fault(fmt::format("the key `{}` stands twice in one map", printable(key)),
                          place_of(text, entry.first.Mark()));
    }
    Decoded<Value> value = convert(text, entry.second, depth + 1, budget);
    if (!value) return value;
    fields.emplace_back(key, std::move(*value));
  }
  return Value::map(std::move(fields));
}

}  // namespace

Decoded<Value> decode_yaml(std::string_view text) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1)
      return data_fault("it holds several documents", place_of(text, documents[1].Mark()));
    if (documents.empty()) return Value();
    std::size_t budget = 1'000'000;
    return convert(text, documents[0], 0, budget);
  } catch (const YAML::Exception& problem) {
    return data_fault(printable(problem.msg), place_of(text, problem.mark));
  }
}

}  // namespace devgraph::lang
