#include "lang/bind.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

using Names = std::unordered_map<std::string_view, Symbol>;

constexpr std::array<std::string_view, 13> kTypeNames = {
    "string", "int",  "bool", "duration", "size",   "version", "path",
    "file",   "tree", "text", "script",   "secret", "data"};

/// The name space that a declaration belongs to; null for those without a name.
Names* space_of(Scope& scope, const ast::Decl& decl) {
  if (!declared_name(decl)) return nullptr;
  if (std::holds_alternative<ast::Fn>(decl.value)) return &scope.functions;
  if (std::holds_alternative<ast::Rule>(decl.value)) return &scope.rules;
  if (std::holds_alternative<ast::TypeDef>(decl.value)) return &scope.types;
  return &scope.values;
}

bool is_private(std::string_view name) {
  return name.starts_with('_');
}

class Binder {
 public:
  Binder(const std::unordered_map<std::string, Module*>& by_path, Diagnostics& found)
      : by_path_(by_path), found_(found) {}

  void declare(Module& module) {
    module_ = &module;
    for (const ast::Decl* decl : module.file.decls) {
      check_place(*decl);
      declare_in(module.scope, *decl);
    }
    for (const ast::Decl* decl : module.file.decls) {
      if (const auto* rule = std::get_if<ast::Rule>(&decl->value)) declare_rule(*decl, *rule);
    }
  }

  void import(Module& module) {
    module_ = &module;
    for (const ast::Decl* decl : module.file.decls) {
      if (const auto* use = std::get_if<ast::Use>(&decl->value)) import_from(*use);
    }
  }

  void check_use_cycle(const Module& module) {
    std::vector<const Module*> path;
    follow_uses(module, path);
  }

 private:
  void check_place(const ast::Decl& decl);
  void declare_in(Scope& scope, const ast::Decl& decl);
  void declare_rule(const ast::Decl& decl, const ast::Rule& rule);
  void check_parameters(const std::vector<ast::Parameter>& parameters);
  void import_from(const ast::Use& use);
  void import_item(const Module& library, const ast::UseItem& item);
  void follow_uses(const Module& module, std::vector<const Module*>& path);
  void report_twice(const ast::Word& name, const Symbol& first);

  const std::unordered_map<std::string, Module*>& by_path_;
  Diagnostics& found_;
  Module* module_ = nullptr;
  std::set<const Module*> cleared_;  // Known to reach no `use` cycle, or reported.
};

void Binder::report_twice(const ast::Word& name, const Symbol& first) {
  Diagnostic& fault = found_.error(
      "E201", name.range, fmt::format("`{}` is declared twice", name.text), "declared again here");
  fault.also.push_back({declared_name(*first.decl)->range, "first declared here"});
  fault.helps.emplace_back("a name has one meaning in its file; give one of them another name");
  module_->doubtful.insert(name.text);
}

/// What may stand in which file.
void Binder::check_place(const ast::Decl& decl) {
  const auto holds = [&]<class T>(const T*) { return std::holds_alternative<T>(decl.value); };
  const bool is_value = holds((const ast::Param*)nullptr) || holds((const ast::Axis*)nullptr) ||
                        holds((const ast::Node*)nullptr);
  const bool is_workspace = holds((const ast::Workspace*)nullptr);
  if (module_->kind != ModuleKind::Project && (is_value || is_workspace)) {
    Diagnostic& fault =
        found_.error("E220", decl.range,
                     fmt::format("a library cannot hold {} {}",
                                 kind_word(decl)[0] == 'a' ? "an" : "a", kind_word(decl)),
                     fmt::format("`{}` is used as a library", module_->path));
    fault.helps.emplace_back(
        "a library holds use, type, fn, let, rule and assert; put this into a rule, or into a "
        "build.devgraph");
  } else if (is_workspace && !module_->folder.empty()) {
    found_
        .error("E226", decl.range, "`workspace` stands in the manifest of the root only",
               "this is a project below it")
        .helps.emplace_back("move it to //build.devgraph");
  }
  const auto* rule = std::get_if<ast::Rule>(&decl.value);
  if (rule && rule->is_extern && module_->kind != ModuleKind::Std) {
    found_
        .error("E220", decl.range, "`extern rule` is for the standard library",
               "a native action cannot be added by a manifest")
        .helps.emplace_back("write a rule with a `run self { … }`");
  }
}

void Binder::declare_in(Scope& scope, const ast::Decl& decl) {
  Names* space = space_of(scope, decl);
  if (!space) return;
  const ast::Word& name = *declared_name(decl);
  if (space == &scope.types && std::ranges::find(kTypeNames, name.text) != kTypeNames.end()) {
    found_.error("E201", name.range, fmt::format("`{}` is a built-in type", name.text),
                 "needs another name");
    return;
  }
  const auto [at, fresh] = space->emplace(name.text, Symbol{module_, &decl});
  if (!fresh) report_twice(name, at->second);
}

void Binder::check_parameters(const std::vector<ast::Parameter>& parameters) {
  std::unordered_map<std::string_view, Range> seen;
  for (const ast::Parameter& one : parameters) {
    const auto [at, fresh] = seen.emplace(one.name.text, one.name.range);
    if (fresh) continue;
    Diagnostic& fault = found_.error(
        "E201", one.name.range, fmt::format("the parameter `{}` is declared twice", one.name.text),
        "declared again here");
    fault.also.push_back({at->second, "first declared here"});
  }
}

void Binder::declare_rule(const ast::Decl& decl, const ast::Rule& rule) {
  check_parameters(rule.parameters);
  Scope& scope = module_->rule_scopes[&decl];
  for (const ast::Decl* child : rule.body) {
    declare_in(scope, *child);
    const ast::Word* name = declared_name(*child);
    if (!name) continue;
    const auto parameter = std::ranges::find_if(
        rule.parameters, [&](const ast::Parameter& p) { return p.name.text == name->text; });
    const auto outer = module_->scope.values.find(name->text);
    if (parameter != rule.parameters.end()) {
      Diagnostic& fault = found_.error("E222", name->range,
                                       fmt::format("`{}` is a parameter of this rule", name->text),
                                       "needs another name");
      fault.also.push_back({parameter->name.range, "the parameter"});
    } else if (outer != module_->scope.values.end() && name->text != "self") {
      Diagnostic& fault = found_.error(
          "E222", name->range, fmt::format("`{}` would hide a name of this file", name->text),
          "needs another name");
      fault.also.push_back(
          {declared_name(*outer->second.decl)->range,
           fmt::format("the {} `{}`", kind_word(*outer->second.decl), name->text)});
    }
  }
}

void Binder::import_from(const ast::Use& use) {
  for (const ast::UseItem& item : use.items)
    module_->doubtful.insert((item.as ? *item.as : item.name).text);
  const std::optional<std::string> path = library_path(*module_, use);
  if (!path) {
    found_.error("E202", use.path->range, "`use` needs the plain path of a library",
                 "such as //rules/go for rules/go.devgraph");
    return;
  }
  if (base_name(*path) == kManifestName) {
    found_
        .error("E202", use.path->range, "a project cannot be used as a library",
               fmt::format("`//{}` is a manifest", *path))
        .helps.emplace_back(
            "name its nodes by label, as in //project:node; move shared rules to a file of their "
            "own");
    return;
  }
  const auto library = by_path_.find(*path);
  if (library == by_path_.end()) return;  // Unreadable: reported.
  for (const ast::UseItem& item : use.items)
    import_item(*library->second, item);
}

void Binder::import_item(const Module& library, const ast::UseItem& item) {
  const std::string_view name = item.name.text;
  const ast::Word& local = item.as ? *item.as : item.name;
  const std::array<std::pair<const Names*, Names*>, 4> spaces = {{
      {&library.scope.values, &module_->scope.values},
      {&library.scope.functions, &module_->scope.functions},
      {&library.scope.rules, &module_->scope.rules},
      {&library.scope.types, &module_->scope.types},
  }};
  bool any = false;
  bool imported = false;
  for (const auto& [from, to] : spaces) {
    const auto at = from->find(name);
    if (at == from->end() || at->second.module != &library) continue;
    any = true;
    if (is_private(name)) continue;
    if (const auto mine = to->find(local.text); mine != to->end()) {
      report_twice(local, mine->second);
    } else {
      to->emplace(local.text, at->second);
      imported = true;
    }
  }
  if (imported) module_->doubtful.erase(local.text);
  if (any && is_private(name)) {
    found_
        .error("E224", item.name.range,
               fmt::format("`{}` is private to `//{}`", name, library.path),
               "names that start with `_` stay in their file")
        .helps.emplace_back("take the underscore off its declaration to share it");
  }
  const bool broken = std::ranges::any_of(found_.all(), [&](const Diagnostic& one) {
    return one.where && one.where->range.source == library.file.source &&
           one.code.starts_with("E0");
  });
  if (any || broken) return;
  std::vector<std::string> known;
  for (const auto& [from, to] : spaces) {
    for (const auto& [candidate, symbol] : *from) {
      if (symbol.module == &library && !is_private(candidate)) known.emplace_back(candidate);
    }
  }
  std::ranges::sort(known);
  const std::optional<std::string> near = nearest(name, known);
  Diagnostic& fault = found_.error(
      "E202", item.name.range, fmt::format("`//{}` declares no `{}`", library.path, name),
      near ? fmt::format("did you mean `{}`?", *near) : "no such name");
  if (!known.empty()) fault.helps.push_back(fmt::format("it declares {}", fmt::join(known, ", ")));
}

void Binder::follow_uses(const Module& module, std::vector<const Module*>& path) {
  if (cleared_.contains(&module)) return;
  path.push_back(&module);
  for (const ast::Decl* decl : module.file.decls) {
    const auto* use = std::get_if<ast::Use>(&decl->value);
    const std::optional<std::string> target = use ? library_path(module, *use) : std::nullopt;
    const auto library = target ? by_path_.find(*target) : by_path_.end();
    if (library == by_path_.end()) continue;
    const auto begin = std::ranges::find(path, library->second);
    if (begin == path.end()) {
      follow_uses(*library->second, path);
      continue;
    }
    std::string shown;
    for (auto at = begin; at != path.end(); ++at)
      shown += fmt::format("//{} -> ", (*at)->path);
    found_
        .error("E221", use->path->range, "these libraries use each other",
               fmt::format("{}//{}", shown, library->second->path))
        .helps.emplace_back("move what both need into a third library");
  }
  path.pop_back();
  cleared_.insert(&module);
}

}  // namespace

std::optional<std::string> library_path(const Module& module, const ast::Use& use) {
  const auto* literal = use.path ? std::get_if<ast::PathLit>(&use.path->value) : nullptr;
  if (!literal || literal->has_wildcard || literal->is_folder) return std::nullopt;
  std::string text;
  for (const ast::Piece& piece : literal->pieces) {
    if (piece.hole) return std::nullopt;
    text += piece.text;
  }
  if (text.empty()) return std::nullopt;
  return canonical(join_path(literal->from_workspace ? "" : module.folder, text) + ".devgraph");
}

void bind_names(const std::vector<Module*>& modules, Scope& std_scope,
                const std::unordered_map<std::string, Module*>& by_path, Diagnostics& found) {
  Binder binder(by_path, found);
  for (Module* module : modules)
    binder.declare(*module);
  for (Module* module : modules)
    binder.import(*module);
  for (const Module* module : modules)
    binder.check_use_cycle(*module);
  for (const Module* module : modules) {
    if (module->kind != ModuleKind::Std) continue;
    const auto publish = [](const Names& from, Names& to) {
      for (const auto& [name, symbol] : from) {
        if (!is_private(name)) to.emplace(name, symbol);
      }
    };
    publish(module->scope.functions, std_scope.functions);
    publish(module->scope.rules, std_scope.rules);
    publish(module->scope.types, std_scope.types);
  }
}

}  // namespace devgraph::lang
