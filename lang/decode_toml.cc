#include <algorithm>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "lang/decode_formats.h"

namespace devgraph::lang {
namespace {

/// What stands in the text between two places, both 1-based; columns count code points.
std::string as_written(std::string_view text, const toml::source_region& region) {
  std::size_t at = 0;
  for (toml::source_index line = 1; line < region.begin.line && at != std::string_view::npos;
       ++line) {
    at = text.find('\n', at);
    if (at != std::string_view::npos) ++at;
  }
  if (at == std::string_view::npos) return {};
  const auto skip = [&](toml::source_index columns) {
    std::size_t place = at;
    for (toml::source_index i = 1; i < columns && place < text.size(); ++i) {
      ++place;
      while (place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0U) == 0x80U)
        ++place;
    }
    return place;
  };
  const std::size_t begin = skip(region.begin.column);
  const std::size_t end = skip(region.end.column);
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

Result<Value> decode_toml(std::string_view text) {
  try {
    const toml::table table = toml::parse(text);
    return convert_table(table, text);
  } catch (const toml::parse_error& problem) {
    const toml::source_position at = problem.source().begin;
    return fail(fmt::format("line {}, column {}: {}", at.line, at.column, problem.description()));
  }
}

}  // namespace devgraph::lang
