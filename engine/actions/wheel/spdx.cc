#include "engine/actions/wheel/spdx.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

std::optional<std::string> listed(std::string_view names, std::string_view word) {
  const std::string wanted = lower(word);
  for (const std::string_view name : split(names, ' ')) {
    if (lower(name) == wanted) return std::string(name);
  }
  return std::nullopt;
}

std::string near_license(std::string_view word) {
  std::vector<std::string> names;
  for (const std::string_view name : split(kSpdxLicenses, ' '))
    names.emplace_back(name);
  // What people write most often where SPDX wants a version.
  const std::string plain = lower(word);
  if (plain == "apache" || plain == "apache2" || plain == "apache-2") return "Apache-2.0";
  if (plain == "bsd") return "BSD-3-Clause";
  if (plain == "gpl" || plain == "gplv3" || plain == "gpl3") return "GPL-3.0-or-later";
  if (plain == "mpl" || plain == "mpl2") return "MPL-2.0";
  return nearest(word, names).value_or(std::string());
}

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  bool in_word = false;
  for (const char c : text) {
    const bool is_letter = c != ' ' && c != '\t' && c != '(' && c != ')';
    if (is_letter && in_word) {
      tokens.back() += c;
    } else if (is_letter || c == '(' || c == ')') {
      tokens.emplace_back(1, c);
    }
    in_word = is_letter;
  }
  return tokens;
}

bool is_reference(std::string_view word) {
  if (!lower(word).starts_with("licenseref-") || word.size() == 11) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

/// The name of one licence, `+` and all.
Result<std::string> license_name(std::string_view word) {
  if (is_reference(word)) return fmt::format("LicenseRef-{}", word.substr(11));
  std::optional<std::string> name = listed(kSpdxLicenses, word);
  if (name) return std::move(*name);
  if (word.ends_with('+')) {
    name = listed(kSpdxLicenses, word.substr(0, word.size() - 1));
    if (name) return *name + "+";
  }
  const std::string near = near_license(word);
  return fail(fmt::format("`{}` is no licence of the SPDX list{}", printable(word),
                          near.empty() ? "; for a licence of your own write `LicenseRef-Name`"
                                       : fmt::format("; did you mean `{}`?", near)));
}

}  // namespace

Result<std::string> canonical_license(std::string_view expression) {
  std::string made;
  int open = 0;
  bool wants_operand = true;
  bool wants_exception = false;
  for (const std::string& token : tokens_of(expression)) {
    const std::string word = lower(token);
    const bool is_operator = word == "and" || word == "or" || word == "with";
    const bool fits =
        token == "(" || !(is_operator || token == ")") ? wants_operand : !wants_operand;
    if (!fits || (token == ")" && open == 0) || (token == "(" && wants_exception)) {
      return fail(
          fmt::format("`{}` cannot stand there in a licence expression; write, for instance, "
                      "`MIT OR Apache-2.0`",
                      printable(token)));
    }
    if (token == "(") {
      made += "(";
      ++open;
    } else if (token == ")") {
      made += ")";
      --open;
    } else if (is_operator) {
      made += word == "and" ? " AND " : word == "or" ? " OR " : " WITH ";
      wants_operand = true;
      wants_exception = word == "with";
    } else if (wants_exception) {
      const std::optional<std::string> name = listed(kSpdxExceptions, token);
      if (!name)
        return fail(fmt::format("`{}` is no exception of the SPDX list", printable(token)));
      made += *name;
      wants_operand = wants_exception = false;
    } else {
      const Result<std::string> name = license_name(token);
      if (!name) return name;
      made += *name;
      wants_operand = false;
    }
  }
  if (wants_operand) return fail("a licence expression names a licence, as in `MIT`");
  if (open != 0) return fail("`(` is not closed in the licence expression");
  return made;
}

}  // namespace devgraph::wheel
