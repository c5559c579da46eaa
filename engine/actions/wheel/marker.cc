/// The condition behind the `;` of a dependency.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "engine/actions/wheel/requirement.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

constexpr std::array<std::string_view, 12> kVariables = {
    "python_version",      "python_full_version",    "os_name",
    "sys_platform",        "platform_release",       "platform_system",
    "platform_version",    "platform_machine",       "platform_python_implementation",
    "implementation_name", "implementation_version", "extra"};
// Spellings of PEP 345 that old packages still use.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOldNames = {{
    {"os.name", "os_name"},
    {"sys.platform", "sys_platform"},
    {"platform.version", "platform_version"},
    {"platform.machine", "platform_machine"},
    {"platform.python_implementation", "platform_python_implementation"},
    {"python_implementation", "platform_python_implementation"},
}};
constexpr std::array<std::string_view, 8> kOperators = {
    "===", "~=", "==", "!=", "<=", ">=", "<", ">"};
constexpr int kDeepest = 50;  // Brackets in brackets; a parser must not run out of stack.

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

/// Recursive descent: or_test = and_test (`or` and_test)*, and so on.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<Marker> whole() {
    Result<Marker> marker = or_test();
    if (!marker) return marker;
    skip();
    if (!rest_.empty()) return bad("this cannot follow a condition");
    return marker;
  }

 private:
  struct Operand {
    std::string text;
    bool is_variable = false;
    std::string value;  ///< Of a string.
  };

  void skip() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t'))
      rest_.remove_prefix(1);
  }
  std::unexpected<Error> bad(std::string_view why) const {
    return fail(rest_.empty()
                    ? fmt::format("the condition ends too early: {}", why)
                    : fmt::format("in the condition, at `{}`: {}", printable(rest_), why));
  }
  std::string_view peek_word() {
    skip();
    std::size_t end = 0;
    while (end < rest_.size() && is_word(rest_[end]))
      ++end;
    return rest_.substr(0, end);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  Result<Marker> or_test();
  Result<Marker> and_test();
  Result<Marker> test();
  Result<Operand> operand();
  Result<std::string> comparison();

  std::string_view rest_;
  int depth_ = 0;
};

Result<Marker> Parser::or_test() {
  Result<Marker> left = and_test();
  while (left && take_word("or")) {
    Result<Marker> right = and_test();
    if (!right) return right;
    left->text += " or " + right->text;
    left->has_or = true;
  }
  return left;
}

Result<Marker> Parser::and_test() {
  Result<Marker> left = test();
  const auto bracketed = [](const Marker& one) {
    return one.has_or ? fmt::format("({})", one.text) : one.text;
  };
  while (left && take_word("and")) {
    const Result<Marker> right = test();
    if (!right) return right;
    left = Marker{bracketed(*left) + " and " + bracketed(*right), false};
  }
  return left;
}

Result<Marker> Parser::test() {
  skip();
  if (rest_.starts_with('(')) {
    if (++depth_ > kDeepest) return bad("too many brackets");
    rest_.remove_prefix(1);
    Result<Marker> inner = or_test();
    if (!inner) return inner;
    skip();
    if (!rest_.starts_with(')')) return bad("`)` is missing");
    rest_.remove_prefix(1);
    --depth_;
    return inner;
  }
  Result<Operand> left = operand();
  if (!left) return std::unexpected(left.error());
  const Result<std::string> op = comparison();
  if (!op) return std::unexpected(op.error());
  Result<Operand> right = operand();
  if (!right) return std::unexpected(right.error());
  if (!left->is_variable && !right->is_variable)
    return bad("a condition compares a variable, such as python_version, with a text");
  // Names of extras are compared in their normal form.
  const auto normalise = [](const Operand& variable, Operand& value) {
    if (variable.text != "extra" || value.is_variable) return;
    if (const auto name = normal_python_name(value.value))
      value.text = fmt::format("\"{}\"", *name);
  };
  normalise(*left, *right);
  normalise(*right, *left);
  return Marker{fmt::format("{} {} {}", left->text, *op, right->text), false};
}

Result<Parser::Operand> Parser::operand() {
  skip();
  if (rest_.starts_with('"') || rest_.starts_with('\'')) {
    const char quote = rest_[0];
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return bad("the quote is not closed");
    const std::string value(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    const char mark = value.find('"') == std::string::npos ? '"' : '\'';
    return Operand{fmt::format("{}{}{}", mark, value, mark), false, value};
  }
  std::string_view word = peek_word();
  const auto* const old = std::find_if(kOldNames.begin(), kOldNames.end(),
                                       [&](const auto& pair) { return pair.first == word; });
  const std::string_view name = old == kOldNames.end() ? word : old->second;
  if (std::find(kVariables.begin(), kVariables.end(), name) == kVariables.end()) {
    const std::vector<std::string> known(kVariables.begin(), kVariables.end());
    const std::optional<std::string> near = nearest(word, known);
    return bad(near ? fmt::format("did you mean `{}`?", *near)
                    : "here stands a text in quotes, or a variable such as python_version");
  }
  rest_.remove_prefix(word.size());
  return Operand{std::string(name), true, {}};
}

Result<std::string> Parser::comparison() {
  skip();
  for (const std::string_view op : kOperators) {
    if (!rest_.starts_with(op)) continue;
    rest_.remove_prefix(op.size());
    return std::string(op);
  }
  if (take_word("in")) return "in";
  if (take_word("not")) {
    if (take_word("in")) return "not in";
    return bad("`not` stands only before `in`");
  }
  return bad("here stands a comparison, such as `<` or `==`");
}

}  // namespace

Result<Marker> parse_marker(std::string_view text) {
  return Parser(text).whole();
}

}  // namespace devgraph::wheel
