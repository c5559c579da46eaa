#include "engine/cli/std_signatures.h"

#include <algorithm>
#include <map>
#include <variant>

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"
#include "engine/base/text.h"
#include "lang/native_rules.h"
#include "lang/parse.h"
#include "stdlib/embedded.h"

namespace devgraph::cli {
namespace {

/// The end of a rule's head: before the brace that opens its body. Braces within the parentheses
/// are types; text and comments are passed over.
std::size_t head_end(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') {
      i = text.find('\n', i);
      if (i == std::string_view::npos) break;
    } else if (c == '"' || c == '\'') {
      do {
        ++i;
      } while (i < text.size() && text[i] != c);
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '{' && depth == 0) {
      return i;
    }
  }
  return text.size();
}

/// The rules of a rule's children, by its name.
using Children = std::map<std::string, std::vector<std::string>, std::less<>>;

std::vector<std::string> child_rules(const lang::ast::Rule& rule) {
  std::vector<std::string> names;
  for (const lang::ast::Decl* child : rule.body) {
    const auto* node = std::get_if<lang::ast::Node>(&child->value);
    if (node) names.emplace_back(node->rule.name.text);
  }
  return names;
}

/// The standard library has no rule that reaches itself.
bool runs(const Children& children, std::string_view rule) {
  const auto found = children.find(rule);
  if (found == children.end() || found->second.empty()) return lang::can_run(rule);
  return std::all_of(found->second.begin(), found->second.end(),
                     [&](const std::string& child) { return runs(children, child); });
}

}  // namespace

std::vector<StdRule> std_rules() {
  std::vector<StdRule> rules;
  Children children;
  Sources sources;
  Diagnostics found;
  for (const stdlib::File& file : stdlib::files()) {
    const SourceId source = sources.add(std::string(file.name), std::string(file.text));
    const lang::ast::File parsed = lang::parse(sources, source, found);
    for (const lang::ast::Decl* decl : parsed.decls) {
      const auto* rule = std::get_if<lang::ast::Rule>(&decl->value);
      if (rule == nullptr || rule->name.text.starts_with('_')) continue;
      children.emplace(rule->name.text, child_rules(*rule));
      const std::string_view text =
          sources.text(source).substr(decl->range.begin, decl->range.end - decl->range.begin);
      // What an extern rule gives is a record type, which has braces of its own.
      const std::string_view head = rule->is_extern ? text : text.substr(0, head_end(text));
      rules.push_back({.name = std::string(rule->name.text),
                       .file = std::string(file.name),
                       .signature = std::string(trim(head)),
                       .doc = decl->doc,
                       .effect = rule->effect});
    }
  }
  for (StdRule& rule : rules)
    rule.runs = runs(children, rule.name);
  std::sort(rules.begin(), rules.end(),
            [](const StdRule& a, const StdRule& b) { return a.name < b.name; });
  return rules;
}

}  // namespace devgraph::cli
