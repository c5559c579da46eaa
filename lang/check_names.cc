#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "lang/checker.h"
#include "lang/walk.h"

namespace devgraph::lang {
namespace {

bool is_private(std::string_view name) {
  return name.starts_with('_');
}

const Scope* rule_scope(const CheckEnv& env) {
  if (!env.owner) return nullptr;
  const auto at = env.module->rule_scopes.find(env.owner);
  return at == env.module->rule_scopes.end() ? nullptr : &at->second;
}

/// True if a `let` of this type may be named by a label: nodes, families, lists and records of
/// them.
bool holds_nodes(const Type& type) {
  switch (type.kind) {
    case Kind::Any:
    case Kind::Never:
    case Kind::Node:
    case Kind::File:
    case Kind::Tree:
      return true;
    case Kind::Family:
    case Kind::List:
    case Kind::Map:
    case Kind::Optional:
      return holds_nodes(*type.item);
    case Kind::Union:
      return std::ranges::all_of(type.items, [](const TypeRef& t) { return holds_nodes(*t); });
    case Kind::Record:
      return std::ranges::all_of(type.fields,
                                 [](const TypeField& f) { return holds_nodes(*f.type); });
    default:
      return false;
  }
}

struct ForeignWord {
  std::string_view word;
  std::string_view ours;
};
constexpr std::array<ForeignWord, 14> kForeignWords{{{"True", "true"},
                                                     {"TRUE", "true"},
                                                     {"yes", "true"},
                                                     {"on", "true"},
                                                     {"False", "false"},
                                                     {"FALSE", "false"},
                                                     {"no", "false"},
                                                     {"off", "false"},
                                                     {"None", "none"},
                                                     {"NONE", "none"},
                                                     {"null", "none"},
                                                     {"NULL", "none"},
                                                     {"nil", "none"},
                                                     {"undefined", "none"}}};

}  // namespace

Checker::Found Checker::find(std::string_view name, const CheckEnv& env) const {
  for (auto at = env.locals.rbegin(); at != env.locals.rend(); ++at) {
    if (at->name == name) return {&*at, {}};
  }
  if (const Scope* scope = rule_scope(env)) {
    const auto at = scope->values.find(name);
    if (at != scope->values.end()) return {nullptr, at->second};
  }
  return {nullptr, program_.find_value(*env.module, name)};
}

void Checker::note_use(const Symbol& symbol, Range range, const CheckEnv& env) {
  used_.insert(symbol.decl);
  if (!env.decl) return;
  (env.lazy ? lazy_uses_ : uses_)[env.decl].push_back({symbol.decl, range});
}

TypeRef Checker::name_type(const ast::Expr& expr, std::string_view name, CheckEnv& env) {
  const Found found = find(name, env);
  if (found.local) {
    if (found.local->late && env.filter) {
      error("E506", expr.range, fmt::format("`where` cannot use the late axis `{}`", name),
            "its values are known only after a node has run")
          .helps.emplace_back("a late axis can fill the brackets of a family and nothing else");
      return simple(Kind::Any);
    }
    return found.local->type;
  }
  if (!found.symbol) {
    unknown_name(name, expr.range, env);
    return simple(Kind::Any);
  }
  note_use(found.symbol, expr.range, env);
  const auto* axis = std::get_if<ast::Axis>(&found.symbol.decl->value);
  if (axis && axis->late) {
    Diagnostic& fault = error("E506", expr.range,
                              fmt::format("the late axis `{}` has no list of values here", name),
                              "its values are known only after a node has run");
    fault.also.push_back({axis->name.range, "decoded from a result"});
    fault.helps.push_back(
        fmt::format("make a family  rule name[{}] {{ … }}  and use the value in it", name));
    return simple(Kind::Any);
  }
  if (env.module->doubtful.contains(name)) return simple(Kind::Any);
  return type_of(found.symbol);
}

std::vector<std::string> Checker::visible_values(const CheckEnv& env) const {
  std::vector<std::string> all;
  all.reserve(env.locals.size());
  for (const Local& local : env.locals)
    all.emplace_back(local.name);
  if (const Scope* scope = rule_scope(env)) {
    for (const auto& [name, symbol] : scope->values)
      all.emplace_back(name);
  }
  for (const auto& [name, symbol] : env.module->scope.values)
    all.emplace_back(name);
  std::ranges::sort(all);
  return all;
}

/// `the axis `pkg``, for "did you mean".
std::string Checker::described(std::string_view name, const CheckEnv& env) const {
  const Found found = find(name, env);
  if (found.local) {
    const char* word = found.local->role == Local::Role::Parameter ? "the parameter "
                       : found.local->role == Local::Role::Cell    ? "the axis "
                                                                   : "";
    return fmt::format("{}`{}`", word, name);
  }
  if (!found.symbol) return fmt::format("`{}`", name);
  return fmt::format("the {} `{}`", kind_word(*found.symbol.decl), name);
}

bool Checker::may_be_broken(const Module& module, std::string_view name) const {
  if (module.doubtful.contains(name)) return true;
  if (!sources_ || !broken_.contains(static_cast<std::uint32_t>(module.file.source))) return false;
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  const std::string_view text = sources_->text(module.file.source);
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at > 0 && is_word(text[at - 1])) || (end < text.size() && is_word(text[end]))) continue;
    const bool understood = std::ranges::any_of(module.file.decls, [&](const ast::Decl* decl) {
      return decl->range.begin <= at && at < decl->range.end;
    });
    if (!understood) return true;
  }
  return false;
}

/// Whether `a-b` is a known name, a minus without blanks, and more.
bool Checker::is_difference(std::string_view name, const CheckEnv& env) const {
  const std::size_t minus = name.find('-');
  return minus != std::string_view::npos && static_cast<bool>(find(name.substr(0, minus), env));
}

void Checker::unknown_name(std::string_view name, Range range, const CheckEnv& env) {
  if (may_be_broken(*env.module, name)) return;
  const char* where = env.script ? " in a script" : "";
  const std::optional<std::string> near = nearest(name, visible_values(env));
  const auto foreign = std::ranges::find(kForeignWords, name, &ForeignWord::word);
  std::string label = "no such name";
  std::string help;
  if (foreign != kForeignWords.end()) {
    label += fmt::format("; did you mean `{}`?", foreign->ours);
  } else if (is_difference(name, env)) {
    const std::size_t minus = name.find('-');
    label += "; a `-` without blanks is part of a name";
    help = fmt::format("write  {} - {}", name.substr(0, minus), name.substr(minus + 1));
  } else if (near) {
    label += fmt::format("; did you mean {}?", described(*near, env));
  } else if (!env.script && range.begin >= 2 &&
             source_text({range.source, range.begin - 2, range.begin}) == "${") {
    label = "a variable of the shell has no value here";
    help = fmt::format("write  {{env(\"{0}\") ?? \"\"}}, or \\{{{0}\\}} for these characters",
                       printable(name));
  } else if (program_.find_rule(*env.module, name)) {
    label = "this is a rule, not a value";
    help = fmt::format("make a node of it:  {} NAME {{ … }}", name);
  } else if (program_.find_function(*env.module, name) || find_builtin(name)) {
    label = "this is a function, not a value";
    help = fmt::format("call it:  {}(…)", name);
  } else if (name == "git" || name == "host") {
    label = fmt::format("`{}` has fields and is no value by itself", name);
    help = fmt::format("write  {}", name == "git" ? "git.short" : "host.os");
  } else if ((name == "out" || name == "deps") && env.script) {
    help = fmt::format("`{}` is there when the node has a field  {} = …", name, name);
  }
  Diagnostic& fault =
      error("E203", range, fmt::format("unknown name `{}`{}", printable(name), where), label);
  if (!help.empty()) fault.helps.push_back(help);
  if (env.script) {
    fault.helps.push_back(
        fmt::format("if the shell should see these characters, write \\{{{}}}", printable(name)));
  }
}

TypeRef Checker::label_type(const ast::Expr& expr, const ast::LabelLit& label, CheckEnv& env) {
  const Module* module = program_.project(label.project);
  const std::vector<std::string>& folders = program_.project_folders();
  if (!module) {
    if (std::ranges::binary_search(folders, label.project))
      return simple(Kind::Any);  // Unreadable.
    const std::optional<std::string> near = nearest(label.project, folders);
    Diagnostic& fault =
        error("E510", expr.range, fmt::format("no project `//{}`", printable(label.project)),
              near ? fmt::format("did you mean `//{}`?", printable(*near)) : "no such project");
    fault.helps.push_back(
        fmt::format("a project is a folder with a {} that `workspace.ignore` does not leave out",
                    kManifestName));
    return simple(Kind::Any);
  }
  const std::string_view name = label.name.text;
  const Symbol symbol = program_.find_value(*module, name);
  if (!symbol && may_be_broken(*module, name)) return simple(Kind::Any);
  if (!symbol || symbol.module != module) {
    std::vector<std::string> known;
    for (const auto& [one, target] : module->scope.values) {
      if (target.module == module && !is_private(one)) known.emplace_back(one);
    }
    std::ranges::sort(known);
    const std::optional<std::string> near = nearest(name, known);
    Diagnostic& fault =
        error("E511", expr.range, fmt::format("`//{}` has no node `{}`", label.project, name),
              near ? fmt::format("did you mean `//{}:{}`?", label.project, *near) : "no such node");
    if (!near && !known.empty() && known.size() <= 12) {
      fault.helps.push_back(fmt::format("it has {}", fmt::join(known, ", ")));
    }
    return simple(Kind::Any);
  }
  if (is_private(name) && module != env.module) {
    error("E224", expr.range, fmt::format("`{}` is private to `//{}`", name, module->path),
          "names that start with `_` stay in their file");
    return simple(Kind::Any);
  }
  note_use(symbol, expr.range, env);
  TypeRef type = type_of(symbol);
  const bool is_node = std::holds_alternative<ast::Node>(symbol.decl->value);
  if (is_node || (std::holds_alternative<ast::Let>(symbol.decl->value) && holds_nodes(*type))) {
    return type;
  }
  Diagnostic& fault =
      error("E511", expr.range,
            fmt::format("`{}` is a {} and no node", name, kind_word(*symbol.decl)), show(*type));
  fault.also.push_back({declared_name(*symbol.decl)->range, "declared here"});
  fault.helps.emplace_back("labels reach nodes; share values through a library and `use`");
  return simple(Kind::Any);
}

}  // namespace devgraph::lang
