#include "engine/actions/wheel/specifier.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

// The longer ones first: `===` begins with `==`.
constexpr std::array<std::string_view, 8> kOperators = {
    "===", "~=", "==", "!=", "<=", ">=", "<", ">"};

bool has_wildcard(std::string_view version) {
  return version.ends_with(".*");
}

std::string_view without_wildcard(std::string_view version) {
  if (has_wildcard(version)) version.remove_suffix(2);
  return version;
}

/// What keeps a version from standing behind an operator; empty if nothing.
std::string_view refusal(std::string_view op, std::string_view text) {
  if (op == "===") return {};
  const bool may_have_wildcard = op == "==" || op == "!=";
  if (has_wildcard(text) && !may_have_wildcard) return "`.*` stands only behind `==` and `!=`";
  const std::optional<PythonVersion> version = parse_python_version(without_wildcard(text));
  if (!version) return "this is no version";
  if (has_wildcard(text) && (version->dev || !version->local.empty()))
    return "`.*` follows no `dev` and no `+`";
  if (!version->local.empty() && !may_have_wildcard)
    return "a version with `+` stands only behind `==` and `!=`";
  if (op == "~=" && version->release.size() < 2) return "behind `~=` write two numbers, as in 1.4";
  return {};
}

bool begins_with(const PythonVersion& version, const PythonVersion& prefix) {
  PythonVersion cut = version;
  cut.release.resize(prefix.release.size(), "0");
  cut.local.clear();
  // `==1.0.*` means all of 1.0, `==1.0a1.*` all of that pre-release.
  if (prefix.pre_kind.empty()) {
    cut.pre_kind.clear();
    cut.pre.clear();
  }
  if (!prefix.post) cut.post.reset();
  cut.dev.reset();
  return compare(cut, prefix) == 0;
}

PythonVersion without_local(PythonVersion version) {
  version.local.clear();
  return version;
}

bool same_release(const PythonVersion& a, const PythonVersion& b) {
  PythonVersion left;
  PythonVersion right;
  left.epoch = a.epoch;
  left.release = a.release;
  right.epoch = b.epoch;
  right.release = b.release;
  return compare(left, right) == 0;
}

bool admits(const Clause& clause, const PythonVersion& version) {
  if (clause.op == "===") return clause.version == show(version);
  // parse_specifiers has made sure that it is one.
  const PythonVersion bound =
      parse_python_version(without_wildcard(clause.version)).value_or(PythonVersion());
  const PythonVersion plain = without_local(version);
  if (clause.op == "==" || clause.op == "!=") {
    const bool equal = has_wildcard(clause.version)
                           ? begins_with(version, bound)
                           : compare(bound.local.empty() ? plain : version, bound) == 0;
    return equal == (clause.op == "==");
  }
  if (clause.op == "<=") return compare(plain, bound) <= 0;
  if (clause.op == ">=") return compare(plain, bound) >= 0;
  if (clause.op == "~=") {
    PythonVersion family = bound;
    family.release.pop_back();
    family.pre_kind.clear();
    family.pre.clear();
    family.post.reset();
    family.dev.reset();
    return compare(plain, bound) >= 0 && begins_with(version, family);
  }
  // `<1.0` does not mean 1.0rc1, and `>1.0` neither 1.0.post1 nor 1.0+local.
  const bool bound_is_pre = !bound.pre_kind.empty() || bound.dev;
  const bool is_pre = !version.pre_kind.empty() || version.dev;
  if (clause.op == "<") {
    if (compare(plain, bound) >= 0) return false;
    return bound_is_pre || !is_pre || !same_release(version, bound);
  }
  if (compare(version, bound) <= 0) return false;
  if (version.post && !bound.post && same_release(version, bound)) return false;
  return version.local.empty() || !same_release(version, bound);
}

}  // namespace

Result<std::vector<Clause>> parse_specifiers(std::string_view text) {
  std::vector<Clause> clauses;
  if (trim(text).empty()) return clauses;
  std::vector<std::string_view> parts = split(text, ',');
  // A comma may stand behind the last one.
  if (parts.size() > 1 && trim(parts.back()).empty()) parts.pop_back();
  for (const std::string_view part : parts) {
    const std::string_view clause = trim(part);
    const auto* const op =
        std::find_if(kOperators.begin(), kOperators.end(),
                     [&](std::string_view one) { return clause.starts_with(one); });
    if (op == kOperators.end()) {
      return fail(fmt::format("`{}` has no operator; write, for instance, `>={}`",
                              printable(clause), clause.empty() ? "1.0" : printable(clause)));
    }
    const std::string version(trim(clause.substr(op->size())));
    if (version.empty() || version.find_first_of(" \t") != std::string::npos)
      return fail(fmt::format("`{}` needs one version behind `{}`", printable(clause), *op));
    const std::string_view why = refusal(*op, version);
    if (!why.empty()) return fail(fmt::format("`{}`: {}", printable(clause), why));
    clauses.push_back({std::string(*op), version});
  }
  const bool compares_texts = std::any_of(clauses.begin(), clauses.end(),
                                          [](const Clause& one) { return one.op == "==="; });
  // pip would take the comma and what follows for a part of the text.
  if (compares_texts && clauses.size() > 1)
    return fail(fmt::format("`{}`: a clause with `===` stands alone", printable(trim(text))));
  return clauses;
}

std::string show(const std::vector<Clause>& clauses) {
  std::string text;
  for (const Clause& clause : clauses)
    text += (text.empty() ? "" : ",") + clause.op + clause.version;
  return text;
}

bool admits(const std::vector<Clause>& clauses, const PythonVersion& version) {
  return std::all_of(clauses.begin(), clauses.end(),
                     [&](const Clause& clause) { return admits(clause, version); });
}

}  // namespace devgraph::wheel
