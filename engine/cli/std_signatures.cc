#include "engine/cli/std_signatures.h"

#include <algorithm>
#include <variant>

#include "engine/base/diagnostic.h"
#include "engine/base/source.h"
#include "engine/base/text.h"
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

}  // namespace

std::vector<StdRule> std_rules() {
  std::vector<StdRule> rules;
  Sources sources;
  Diagnostics found;
  for (const stdlib::File& file : stdlib::files()) {
    const SourceId source = sources.add(std::string(file.name), std::string(file.text));
    const lang::ast::File parsed = lang::parse(sources, source, found);
    for (const lang::ast::Decl* decl : parsed.decls) {
      const auto* rule = std::get_if<lang::ast::Rule>(&decl->value);
      if (rule == nullptr || rule->name.text.starts_with('_')) continue;
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
  std::sort(rules.begin(), rules.end(),
            [](const StdRule& a, const StdRule& b) { return a.name < b.name; });
  return rules;
}

}  // namespace devgraph::cli
