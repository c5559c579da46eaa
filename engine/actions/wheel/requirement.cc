#include "engine/actions/wheel/requirement.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

/// Takes a name off the front.
Result<std::string> take_name(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && is_name_char(rest[end]))
    ++end;
  std::string name(rest.substr(0, end));
  if (!normal_python_name(name)) {
    return fail(name.empty()
                    ? fmt::format("a dependency begins with the name of a package, not `{}`",
                                  printable(rest))
                    : fmt::format("`{}` is no name of a package: letters, digits, and "
                                  "between them `-`, `_` and `.`",
                                  printable(name)));
  }
  rest = trim(rest.substr(end));
  return name;
}

/// `[a, b]` at the front, if it is there.
Status take_extras(std::string_view& rest, std::vector<std::string>& extras) {
  if (!rest.starts_with('[')) return {};
  const std::size_t end = rest.find(']');
  if (end == std::string_view::npos) return fail("`[` is not closed");
  const std::string_view inner = trim(rest.substr(1, end - 1));
  rest = trim(rest.substr(end + 1));
  if (inner.empty()) return {};
  for (const std::string_view part : split(inner, ',')) {
    std::optional<std::string> extra = normal_python_name(trim(part));
    if (!extra) return fail(fmt::format("`{}` is no name of an extra", printable(trim(part))));
    extras.push_back(std::move(*extra));
  }
  std::sort(extras.begin(), extras.end());
  extras.erase(std::unique(extras.begin(), extras.end()), extras.end());
  return {};
}

}  // namespace

Result<Requirement> parse_requirement(std::string_view text) {
  Requirement made;
  std::string_view rest = trim(text);
  Result<std::string> name = take_name(rest);
  if (!name) return std::unexpected(name.error());
  made.name = std::move(*name);
  if (const Status done = take_extras(rest, made.extras); !done)
    return std::unexpected(done.error());
  std::string_view condition;
  bool is_conditional = false;
  if (rest.starts_with('@')) {
    // A URL may hold a `;`, so only one behind a blank ends it.
    rest = trim(rest.substr(1));
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    made.url = rest.substr(0, end);
    if (made.url.find(':') == std::string::npos)
      return fail(fmt::format("behind `@` stands a URL, not `{}`", printable(made.url)));
    rest = trim(rest.substr(end));
    if (!rest.empty() && rest[0] != ';')
      return fail(fmt::format("`{}` cannot follow a URL", printable(rest)));
    is_conditional = !rest.empty();
    condition = is_conditional ? rest.substr(1) : rest;
  } else {
    const std::size_t end = rest.find(';');
    is_conditional = end != std::string_view::npos;
    if (is_conditional) condition = rest.substr(end + 1);
    rest = trim(rest.substr(0, end));
    if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
    Result<std::vector<Clause>> versions = parse_specifiers(rest);
    if (!versions) return std::unexpected(versions.error());
    made.versions = std::move(*versions);
  }
  if (!is_conditional) return made;
  Result<Marker> marker = parse_marker(condition);
  if (!marker) return std::unexpected(marker.error());
  made.marker = std::move(*marker);
  return made;
}

std::string show(const Requirement& requirement, std::string_view extra) {
  std::string text = requirement.name;
  if (!requirement.extras.empty()) text += fmt::format("[{}]", fmt::join(requirement.extras, ","));
  text += requirement.url.empty() ? show(requirement.versions) : " @ " + requirement.url;
  std::string condition = requirement.marker.text;
  if (!extra.empty()) {
    const bool needs_brackets = requirement.marker.has_or;
    if (needs_brackets) condition = fmt::format("({})", condition);
    if (!condition.empty()) condition += " and ";
    condition += fmt::format("extra == \"{}\"", extra);
  }
  if (condition.empty()) return text;
  return fmt::format("{}{}; {}", text, requirement.url.empty() ? "" : " ", condition);
}

}  // namespace devgraph::wheel
