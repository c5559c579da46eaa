#include "lang/decode.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/decode_formats.h"

namespace devgraph::lang {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-';
    if (!fine) return false;
  }
  return true;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == 'n')
      out += '\n';
    else if (next == 't')
      out += '\t';
    else if (next == 'r')
      out += '\r';
    else
      out += next;
  }
  return out;
}

/// The value behind `=`: in quotes to the closing one, else to a blank with `#` or the end.
Decoded<std::string> dotenv_value(std::string_view text, DataPlace place) {
  text = trim(text);
  if (text.empty()) return std::string();
  const char quote = text[0];
  if (quote != '"' && quote != '\'') {
    const std::size_t comment = text.find(" #");
    return std::string(trim(text.substr(0, comment)));
  }
  std::size_t end = 1;
  while (end < text.size() && text[end] != quote)
    end += quote == '"' && text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return data_fault("a quote is not closed", place);
  const std::string_view rest = trim(text.substr(end + 1));
  if (!rest.empty() && rest[0] != '#')
    return data_fault("text stands behind the closing quote", place);
  const std::string_view inner = text.substr(1, end - 1);
  return quote == '"' ? unescape(inner) : std::string(inner);
}

Decoded<Value> decode_dotenv(std::string_view text) {
  const auto place_of = [&](std::string_view part) {
    const auto begin = static_cast<std::size_t>(part.data() - text.data());
    return DataPlace{begin, begin + part.size()};
  };
  ValueFields fields;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos) return data_fault("no `=`", place_of(line));
    const std::string_view name = trim(line.substr(0, sign));
    if (name.empty()) return data_fault("no name before `=`", place_of(line));
    if (!is_name(name))
      return data_fault(fmt::format("`{}` is no name", printable(name)), place_of(name));
    const std::string_view written = trim(line.substr(sign + 1));
    Decoded<std::string> value = dotenv_value(written, place_of(written));
    if (!value) return std::unexpected(value.error());
    for (const auto& field : fields) {
      if (field.first == name)
        return data_fault(fmt::format("`{}` is set twice", name), place_of(name));
    }
    fields.emplace_back(name, Value::string(std::move(*value)));
  }
  return Value::map(std::move(fields));
}

/// Where a text ends too early, the place behind its last character is shown, not the nothing
/// behind it.
void pull_back(DataPlace& place, std::string_view text) {
  std::size_t end = text.size();
  while (end > 0 && std::string_view(" \t\r\n").find(text[end - 1]) != std::string_view::npos)
    --end;
  if (place.begin >= text.size()) place.begin = end;
  place.end = std::clamp(place.end, place.begin, std::max(place.begin, text.size()));
}

Decoded<Value> decode_format(std::string_view decoder, std::string_view text) {
  if (decoder == "json") return decode_json(text);
  if (decoder == "toml") return decode_toml(text);
  if (decoder == "yaml") return decode_yaml(text);
  return decode_dotenv(text);
}

}  // namespace

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

Decoded<Value> decode(std::string_view decoder, std::string_view text) {
  Decoded<Value> value = decode_format(decoder, text);
  if (value) return value;
  std::optional<DataPlace>& place = value.error().place;
  if (place) pull_back(*place, text);
  return value;
}

}  // namespace devgraph::lang
