#include "lang/decode.h"

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
Result<std::string> dotenv_value(std::string_view text) {
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
  if (end >= text.size()) return fail("a quote is not closed");
  const std::string_view rest = trim(text.substr(end + 1));
  if (!rest.empty() && rest[0] != '#') return fail("text stands behind the closing quote");
  const std::string_view inner = text.substr(1, end - 1);
  return quote == '"' ? unescape(inner) : std::string(inner);
}

Result<Value> decode_dotenv(std::string_view text) {
  ValueFields fields;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos) return fail(fmt::format("line {}: no `=`", number));
    const std::string_view name = trim(line.substr(0, sign));
    if (!is_name(name))
      return fail(fmt::format("line {}: `{}` is no name", number, printable(name)));
    Result<std::string> value = dotenv_value(line.substr(sign + 1));
    if (!value) return fail(fmt::format("line {}: {}", number, value.error().message));
    for (const auto& field : fields) {
      if (field.first == name) return fail(fmt::format("line {}: `{}` is set twice", number, name));
    }
    fields.emplace_back(name, Value::string(std::move(*value)));
  }
  return Value::map(std::move(fields));
}

}  // namespace

Result<Value> decode(std::string_view decoder, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (decoder == "json") return decode_json(text);
  if (decoder == "toml") return decode_toml(text);
  if (decoder == "yaml") return decode_yaml(text);
  return decode_dotenv(text);
}

}  // namespace devgraph::lang
