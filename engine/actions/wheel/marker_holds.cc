/// Whether the condition behind the `;` of a dependency holds somewhere.

#include <algorithm>

#include "engine/actions/wheel/requirement.h"
#include "engine/base/python_name.h"

namespace devgraph::wheel {

namespace {

/// Reads the canonical text of a marker, which parse_marker has checked.
class Judge {
 public:
  Judge(std::string_view text, const MarkerValues& values,
        const std::set<std::string, std::less<>>& extras)
      : rest_(text), values_(values), extras_(extras) {}

  bool or_test() {
    bool holds = and_test();
    while (take("or ")) {
      const bool right = and_test();
      holds = holds || right;
    }
    return holds;
  }

 private:
  struct Operand {
    std::string_view name;  ///< Of a variable.
    std::string value;
  };

  void skip() {
    while (rest_.starts_with(' '))
      rest_.remove_prefix(1);
  }
  bool take(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool and_test() {
    bool holds = test();
    while (take("and ")) {
      const bool right = test();
      holds = holds && right;
    }
    return holds;
  }
  bool test() {
    if (take("(")) {
      const bool holds = or_test();
      take(")");
      return holds;
    }
    const Operand left = operand();
    const std::string op = comparison();
    const Operand right = operand();
    if (left.name == "extra") return has_extra(right.value, op);
    if (right.name == "extra") return has_extra(left.value, op);
    return compares(left.value, op, right.value);
  }
  Operand operand() {
    skip();
    const char quote = rest_.empty() ? '\0' : rest_[0];
    if (quote == '"' || quote == '\'') {
      const std::size_t end = std::min(rest_.find(quote, 1), rest_.size() - 1);
      Operand made{{}, std::string(rest_.substr(1, end - 1))};
      rest_.remove_prefix(end + 1);
      return made;
    }
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view name = rest_.substr(0, std::min(end, rest_.find(')')));
    rest_.remove_prefix(name.size());
    const auto held = values_.find(name);
    return {name, held != values_.end() ? held->second : std::string()};
  }
  std::string comparison() {
    for (const std::string_view op :
         {"===", "~=", "==", "!=", "<=", ">=", "<", ">", "not in", "in"})
      if (take(op)) return std::string(op);
    return {};
  }
  bool has_extra(const std::string& extra, std::string_view op) const {
    return extras_.contains(extra) == (op != "!=");
  }
  /// Versions where both sides are some, else texts.
  static bool compares(const std::string& left, const std::string& op, const std::string& right) {
    if (op == "in") return right.find(left) != std::string::npos;
    if (op == "not in") return right.find(left) == std::string::npos;
    const std::optional<PythonVersion> version = parse_python_version(left);
    const Result<std::vector<Clause>> clauses = parse_specifiers(op + right);
    if (version && clauses) return admits(*clauses, *version);
    if (op == "==" || op == "===") return left == right;
    if (op == "!=") return left != right;
    if (op == "<") return left < right;
    if (op == "<=") return left <= right;
    if (op == ">") return left > right;
    if (op == ">=") return left >= right;
    return false;
  }

  std::string_view rest_;
  const MarkerValues& values_;
  const std::set<std::string, std::less<>>& extras_;
};

}  // namespace

bool holds(const Marker& marker, const MarkerValues& values,
           const std::set<std::string, std::less<>>& extras) {
  return marker.text.empty() || Judge(marker.text, values, extras).or_test();
}

}  // namespace devgraph::wheel
