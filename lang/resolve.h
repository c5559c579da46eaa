#pragma once
/// The files of a load and the names they declare. Nothing is evaluated here.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/files.h"
#include "engine/base/source.h"
#include "lang/ast.h"
#include "lang/discover.h"

namespace devgraph::lang {

struct Module;

/// A declaration, and the module that holds it (for an imported name: the library).
struct Symbol {
  const Module* module = nullptr;
  const ast::Decl* decl = nullptr;
  explicit operator bool() const { return decl != nullptr; }
};

/// The names of a file or of a rule's body. Values (param, axis, let, node), functions, rules and
/// types are four name spaces.
struct Scope {
  std::unordered_map<std::string_view, Symbol> values;
  std::unordered_map<std::string_view, Symbol> functions;
  std::unordered_map<std::string_view, Symbol> rules;
  std::unordered_map<std::string_view, Symbol> types;
};

enum class ModuleKind : std::uint8_t { Project, Library, Std };

/// One manifest with its names, imports included.
struct Module {
  ModuleKind kind = ModuleKind::Project;
  std::string path;    ///< Workspace-relative; `<std>/run.devgraph` for the standard library.
  std::string folder;  ///< Workspace-relative folder of the file: where `./` points.
  bool demanded =
      true;  ///< False: only its `workspace` block counts (the root, when not asked for).
  ast::File file;
  Scope scope;                                              ///< Imports included.
  std::unordered_map<const ast::Decl*, Scope> rule_scopes;  ///< The children of each rule.
  /// Names whose meaning a fault leaves open: declared twice, or not found by `use`. What depends
  /// on them is not reported once more.
  std::unordered_set<std::string_view> doubtful;
};

/// All modules that the demanded projects reach.
class Program {
 public:
  const Module* project(std::string_view folder) const;  ///< Null: no such project (or not loaded).
  const Module* library(
      std::string_view path) const;  ///< By workspace-relative path; null: not loaded.
  const std::vector<std::string>& project_folders() const { return folders_; }  ///< All discovered.
  /// Projects and libraries by path, the demanded ones and what they reach; then std.
  const std::vector<std::unique_ptr<Module>>& modules() const { return modules_; }
  /// The root manifest; null if the workspace's root has none.
  const Module* root() const { return project(""); }
  const WorkspaceSettings& settings() const { return settings_; }

  /// A name as seen from a module: its own scope, then std. `values` has no std names.
  Symbol find_rule(const Module& from, std::string_view name) const;
  Symbol find_function(const Module& from, std::string_view name) const;
  Symbol find_type(const Module& from, std::string_view name) const;
  Symbol find_value(const Module& from, std::string_view name) const;

 private:
  friend class ProgramLoader;
  std::vector<std::unique_ptr<Module>> modules_;
  std::unordered_map<std::string, Module*> by_path_;
  std::vector<std::string> folders_;
  WorkspaceSettings settings_;
  Scope std_scope_;  ///< The public names of all std modules.
};

/// What a Program is made from.
struct ProgramOptions {
  std::string workspace;  ///< Absolute.
  /// Folders demanded; `...` at the end of one: and all below. Those their labels name are added.
  std::vector<std::string> projects;
  unsigned jobs = 2;
};

/// Discovers projects (folders with `build.devgraph`, honouring `workspace { ignore }`), parses the
/// demanded ones, what they `use` and the projects whose labels they name, and the embedded
/// standard library; binds names. Reports E2xx: twice declared, unknown import, cyclic `use`, a
/// library that holds nodes, hidden names; E450 for a manifest that cannot be read, E510 for an
/// unknown project.
Program resolve(Sources& sources, Files& files, const ProgramOptions& options, Diagnostics& found);

}  // namespace devgraph::lang
