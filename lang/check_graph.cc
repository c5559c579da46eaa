#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

template <class T>
bool all_are(const std::vector<const ast::Decl*>& decls) {
  return std::ranges::all_of(
      decls, [](const ast::Decl* d) { return std::holds_alternative<T>(d->value); });
}

}  // namespace

void Checker::check_graph(bool std_too) {
  std::vector<Symbol> all;
  for (const auto& module : program_.modules()) {
    if ((module->kind == ModuleKind::Std) != std_too) continue;
    for (const ast::Decl* decl : module->file.decls) {
      all.push_back({module.get(), decl});
      const auto* rule = std::get_if<ast::Rule>(&decl->value);
      if (!rule) continue;
      for (const ast::Decl* child : rule->body)
        all.push_back({module.get(), child});
    }
  }
  check_cycles(all);
  for (const Symbol& symbol : all) {
    const auto* axis = std::get_if<ast::Axis>(&symbol.decl->value);
    if (axis && axis->late && !cyclic_.contains(symbol.decl)) check_late_stratum(symbol);
  }
  // What a faulty declaration would have used is not known.
  if (reported_.has_errors()) return;
  for (const Symbol& symbol : all) {
    if (symbol.module->demanded) check_unused(symbol);
  }
}

/// Finds the types of values so that what one needs comes before it; without this a chain of values
/// that each name the next would recurse as deep as it is long.
void Checker::find_types(const Module& module) {
  struct Step {
    const ast::Decl* decl = nullptr;
    std::vector<const ast::Decl*> needs{};
  };
  const auto needs_of = [&](const ast::Decl& decl) {
    std::vector<const ast::Decl*> needs;
    const std::function<void(const ast::Expr&)> visit = [&](const ast::Expr& expr) {
      if (const auto* name = std::get_if<ast::Name>(&expr.value)) {
        const Symbol symbol = program_.find_value(module, name->text);
        const bool is_value = symbol && (std::holds_alternative<ast::Let>(symbol.decl->value) ||
                                         std::holds_alternative<ast::Axis>(symbol.decl->value));
        if (is_value && symbol.module == &module) needs.push_back(symbol.decl);
      }
      for_each_child(expr, visit);
    };
    if (const auto* let = std::get_if<ast::Let>(&decl.value)) visit(*let->value);
    if (const auto* axis = std::get_if<ast::Axis>(&decl.value)) visit(*axis->value);
    return needs;
  };
  std::unordered_set<const ast::Decl*> seen;
  for (const ast::Decl* start : module.file.decls) {
    if (!declared_name(*start) || !seen.insert(start).second) continue;
    std::vector<Step> path = {{start, needs_of(*start)}};
    while (!path.empty()) {
      Step& top = path.back();
      if (top.needs.empty()) {
        const bool is_value = std::holds_alternative<ast::Let>(top.decl->value) ||
                              std::holds_alternative<ast::Axis>(top.decl->value);
        if (is_value) finish_type({&module, top.decl});
        path.pop_back();
        continue;
      }
      const ast::Decl* next = top.needs.back();
      top.needs.pop_back();
      if (seen.insert(next).second) {
        path.push_back({next, needs_of(*next)});
      } else {
        // Done already, or on the path: then it is a cycle, and asking for it must not go round.
        types_.try_emplace(next, State::Busy, simple(Kind::Any));
      }
    }
  }
}

/// Depth first, without recursion: a chain of a million lets is fine.
void Checker::check_cycles(const std::vector<Symbol>& all) {
  enum class Color : std::uint8_t { White, Grey, Black };
  struct Step {
    const ast::Decl* decl = nullptr;
    std::size_t next = 0;
    Range used_at{};  // Where the step before used this one.
  };
  std::unordered_map<const ast::Decl*, Color> colors;
  for (const Symbol& start : all) {
    if (colors[start.decl] != Color::White) continue;
    std::vector<Step> path = {{start.decl}};
    colors[start.decl] = Color::Grey;
    while (!path.empty()) {
      Step& top = path.back();
      const auto uses = uses_.find(top.decl);
      if (uses == uses_.end() || top.next == uses->second.size()) {
        colors[top.decl] = Color::Black;
        path.pop_back();
        continue;
      }
      const lang::Use& use = uses->second[top.next++];
      Color& color = colors[use.target];
      if (color == Color::White) {
        color = Color::Grey;
        path.push_back({use.target, 0, use.range});
      } else if (color == Color::Grey) {
        const auto begin = std::ranges::find(path, use.target, &Step::decl);
        std::vector<const ast::Decl*> cycle;
        std::vector<Range> ranges;
        for (auto at = begin; at != path.end(); ++at) {
          cycle.push_back(at->decl);
          if (at != begin) ranges.push_back(at->used_at);
        }
        ranges.push_back(use.range);
        report_cycle(cycle, ranges);
      }
    }
  }
}

void Checker::report_cycle(const std::vector<const ast::Decl*>& path,
                           const std::vector<Range>& uses) {
  const auto name = [](const ast::Decl* decl) {
    const ast::Word* word = declared_name(*decl);
    return word ? word->text : std::string_view("assert");
  };
  cyclic_.insert(path.begin(), path.end());
  const Range where =
      declared_name(*path.front()) ? declared_name(*path.front())->range : path.front()->range;
  std::string shown;
  for (const ast::Decl* decl : path)
    shown += fmt::format("{} -> ", name(decl));
  shown += name(path.front());
  const bool functions = all_are<ast::Fn>(path);
  const bool rules = all_are<ast::Rule>(path);
  const bool alone = path.size() == 1;
  std::string message;
  if (functions) {
    message = alone ? fmt::format("the function `{}` calls itself", name(path.front()))
                    : "these functions call each other";
  } else if (rules) {
    message = alone ? fmt::format("the rule `{}` makes an instance of itself", name(path.front()))
                    : "these rules make instances of each other";
  } else {
    message = alone ? fmt::format("`{}` needs its own value", name(path.front()))
                    : "these values need each other";
  }
  Diagnostic& fault = reported_.error(functions ? "E229"
                                      : rules   ? "E230"
                                                : "E228",
                                      where, message, shown);
  for (std::size_t i = 0; i < uses.size() && i < 8; ++i) {
    fault.also.push_back({uses[i], fmt::format("`{}` is used by `{}`",
                                               name(path[(i + 1) % path.size()]), name(path[i]))});
  }
  if (functions || rules) {
    fault.helps.emplace_back(
        "the language has no recursion; run over a list with [for x in xs: …]");
  }
}

void Checker::check_unused(const Symbol& symbol) {
  const ast::Word* name = declared_name(*symbol.decl);
  if (!name || !name->text.starts_with('_') || used_.contains(symbol.decl)) return;
  // A release finds them by their names: they ask whether there is anything to do, and undo it.
  const bool is_node = std::holds_alternative<ast::Node>(symbol.decl->value);
  if (is_node && (name->text == "_probe" || name->text == "_revert")) return;
  reported_
      .error("E223", name->range, fmt::format("`{}` is private and nothing uses it", name->text),
             "unused")
      .helps.emplace_back("remove it, or take the underscore off to make it public");
}

}  // namespace devgraph::lang
