#include <algorithm>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "engine/base/text.h"
#include "lang/decode_formats.h"

namespace devgraph::lang {
namespace {

/// The byte of a place, which is 1-based; columns count code points.
std::size_t offset_of(std::string_view text, const toml::source_position& position) {
  std::size_t at = 0;
  for (toml::source_index line = 1; line < position.line; ++line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return text.size();
    ++at;
  }
  for (toml::source_index i = 1; i < position.column && at < text.size(); ++i) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U)
      ++at;
  }
  return at;
}

std::string as_written(std::string_view text, const toml::source_region& region) {
  const std::size_t begin = offset_of(text, region.begin);
  const std::size_t end = std::max(begin, offset_of(text, region.end));
  return std::string(text.substr(begin, end - begin));
}

Value convert(const toml::node& node, std::string_view text);

Value convert_table(const toml::table& table, std::string_view text) {
  // toml++ keeps keys sorted; the order of a manifest's reader is that of the file.
  std::vector<std::pair<toml::source_position, std::pair<std::string, Value>>> found;
  for (const auto& [key, node] : table) {
    found.push_back({key.source().begin, {std::string(key.str()), convert(node, text)}});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ValueFields fields;
  for (auto& item : found)
    fields.push_back(std::move(item.second));
  return Value::map(std::move(fields));
}

Value convert(const toml::node& node, std::string_view text) {
  if (const toml::table* table = node.as_table()) return convert_table(*table, text);
  if (const toml::array* array = node.as_array()) {
    std::vector<Value> items;
    for (const toml::node& item : *array)
      items.push_back(convert(item, text));
    return Value::list(std::move(items));
  }
  if (const auto* string = node.as_string()) return Value::string(string->get());
  if (const auto* integer = node.as_integer()) return Value::integer(integer->get());
  if (const auto* boolean = node.as_boolean()) return Value::boolean(boolean->get());
  return Value::string(as_written(text, node.source()));
}

}  // namespace

Decoded<Value> decode_toml(std::string_view text) {
  try {
    const toml::table table = toml::parse(text);
    return convert_table(table, text);
  } catch (const toml::parse_error& problem) {
    const toml::source_region& region = problem.source();
    const std::size_t begin = offset_of(text, region.begin);
    return data_fault(printable(problem.description()),
                      DataPlace{begin, std::max(begin + 1, offset_of(text, region.end))});
  }
}

}  // namespace devgraph::lang
