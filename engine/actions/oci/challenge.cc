#include "engine/actions/oci/challenge.h"

#include <algorithm>
#include <cctype>

#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return made;
}

/// Takes a quoted string or a token off the front.
std::string take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find_first_of(", "), text.size());
    value = text.substr(0, end);
    text.remove_prefix(end);
    return value;
  }
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

}  // namespace

Challenge parse_challenge(std::string_view header) {
  Challenge made;
  std::string_view rest = trim(header);
  const std::size_t blank = std::min(rest.find(' '), rest.size());
  made.scheme = lower(rest.substr(0, blank));
  rest.remove_prefix(blank);
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(", "), rest.size()));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return made;
    const std::string_view name = trim(rest.substr(0, equals));
    if (name.find(' ') != std::string_view::npos) return made;  // The next challenge begins.
    rest.remove_prefix(equals + 1);
    made.parameters[lower(name)] = take_value(rest);
  }
}

}  // namespace devgraph::oci
