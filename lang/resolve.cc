#include "lang/resolve.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/bind.h"
#include "lang/parse.h"
#include "lang/walk.h"
#include "stdlib/embedded.h"

namespace devgraph::lang {
namespace {

/// The folders of the labels in an expression, each once.
void collect_labels(const ast::Expr& expr, std::map<std::string, Range>& out) {
  if (const auto* label = std::get_if<ast::LabelLit>(&expr.value)) {
    out.emplace(std::string(label->project), expr.range);
  }
  for_each_child(expr, [&](const ast::Expr& child) { collect_labels(child, out); });
}

Symbol find_in(const std::unordered_map<std::string_view, Symbol>& names, std::string_view name) {
  const auto at = names.find(name);
  return at == names.end() ? Symbol() : at->second;
}

}  // namespace

const Module* Program::project(std::string_view folder) const {
  const auto at = by_path_.find(join_path(folder, kManifestName));
  return at == by_path_.end() ? nullptr : at->second;
}

const Module* Program::library(std::string_view path) const {
  const auto at = by_path_.find(std::string(path));
  return at == by_path_.end() ? nullptr : at->second;
}

Symbol Program::find_rule(const Module& from, std::string_view name) const {
  const Symbol own = find_in(from.scope.rules, name);
  return own ? own : find_in(std_scope_.rules, name);
}
Symbol Program::find_function(const Module& from, std::string_view name) const {
  const Symbol own = find_in(from.scope.functions, name);
  return own ? own : find_in(std_scope_.functions, name);
}
Symbol Program::find_type(const Module& from, std::string_view name) const {
  const Symbol own = find_in(from.scope.types, name);
  return own ? own : find_in(std_scope_.types, name);
}
Symbol Program::find_value(const Module& from, std::string_view name) const {
  return find_in(from.scope.values, name);
}

/// Loads in waves: each wave of manifests is read and parsed in parallel, and names the next one.
class ProgramLoader {
 public:
  ProgramLoader(Sources& sources, Files& files, const ProgramOptions& options, Diagnostics& found)
      : sources_(sources), files_(files), options_(options), found_(found) {}

  Program run() {
    load_std();
    load_root();
    program_.folders_ =
        discover_projects(files_, options_.workspace, program_.settings_, options_.jobs);
    for (const std::string& folder : options_.projects)
      demand(folder);
    while (!wanted_.empty())
      load_wave();
    sort_modules();
    bind_names(modules_, program_.std_scope_, program_.by_path_, found_);
    return std::move(program_);
  }

 private:
  struct Job {
    ModuleKind kind = ModuleKind::Project;
    std::string path;
    std::optional<Range> named_at;
  };
  struct Parsed {
    std::unique_ptr<Module> module;
    Diagnostics found;
  };

  void load_std();
  void load_root();
  void demand(const std::string& folder);
  void want(Job job);
  void load_wave();
  Parsed load(const Job& job);
  void add(std::unique_ptr<Module> module);
  void follow(const Module& module);
  void follow_use(const Module& module, const ast::Use& use);
  void sort_modules();

  Sources& sources_;
  Files& files_;
  const ProgramOptions& options_;
  Diagnostics& found_;
  Program program_;
  std::vector<Module*> modules_;  // The same as program_.modules_, writable.
  std::vector<Job> wanted_;
  std::set<std::string> seen_;  // Paths that are loaded or wanted.
};

void ProgramLoader::load_std() {
  for (const stdlib::File& file : stdlib::files()) {
    auto module = std::make_unique<Module>();
    module->kind = ModuleKind::Std;
    module->path = fmt::format("<std>/{}", file.name);
    module->folder = "<std>";
    module->file = parse(sources_, sources_.add(module->path, std::string(file.text)), found_);
    add(std::move(module));
  }
}

/// The root manifest comes first: its `workspace` block says where to look for projects.
void ProgramLoader::load_root() {
  const std::string path(kManifestName);
  const Result<FileStat> stat = files_.stat(join_path(options_.workspace, path));
  if (!stat || !stat->exists()) return;
  Parsed parsed = load({.kind = ModuleKind::Project, .path = path, .named_at = {}});
  found_.take(std::move(parsed.found));
  if (!parsed.module) return;
  program_.settings_ = workspace_settings(parsed.module->file, found_);
  parsed.module->demanded = false;
  add(std::move(parsed.module));
  seen_.insert(path);
}

void ProgramLoader::demand(const std::string& folder) {
  const bool below = folder == "..." || folder.ends_with("/...");
  const std::string head = !below               ? folder
                           : folder.size() <= 4 ? ""
                                                : folder.substr(0, folder.size() - 4);
  bool any = false;
  for (const std::string& project : program_.folders_) {
    if (below ? !is_within(project, head) : project != head) continue;
    any = true;
    want({.kind = ModuleKind::Project, .path = join_path(project, kManifestName), .named_at = {}});
  }
  if (any || below) return;
  const std::optional<std::string> near = nearest(head, program_.folders_);
  Diagnostic fault;
  fault.code = "E510";
  fault.message = fmt::format("no project `//{}`", printable(head));
  if (near) fault.helps.push_back(fmt::format("did you mean `//{}`?", printable(*near)));
  fault.helps.push_back(fmt::format("a project is a folder with a {}", kManifestName));
  found_.add(std::move(fault));
}

void ProgramLoader::want(Job job) {
  if (job.kind == ModuleKind::Project && job.path == kManifestName && program_.root()) {
    Module* root = program_.by_path_.at(job.path);
    if (!root->demanded) {
      root->demanded = true;
      follow(*root);
    }
    return;
  }
  if (seen_.insert(job.path).second) wanted_.push_back(std::move(job));
}

void ProgramLoader::load_wave() {
  const std::vector<Job> jobs = std::exchange(wanted_, {});
  std::vector<Parsed> parsed(jobs.size());
  tbb::task_arena arena(static_cast<int>(std::max(1U, options_.jobs)));
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, jobs.size(),
                      [&](std::size_t i) { parsed[i] = load(jobs[i]); });
  });
  for (Parsed& one : parsed) {
    found_.take(std::move(one.found));
    if (!one.module) continue;
    const Module& module = *one.module;
    add(std::move(one.module));
    follow(module);
  }
}

ProgramLoader::Parsed ProgramLoader::load(const Job& job) {
  Parsed parsed;
  Result<std::string> text = files_.read(join_path(options_.workspace, job.path));
  if (!text) {
    Diagnostic fault;
    fault.code = job.kind == ModuleKind::Library ? "E202" : "E450";
    fault.message = job.kind == ModuleKind::Library
                        ? fmt::format("no library `//{}`", printable(job.path))
                        : fmt::format("cannot read the manifest `//{}`", printable(job.path));
    if (job.named_at) fault.where = Pointer{*job.named_at, "named here"};
    fault.helps.push_back(
        job.kind == ModuleKind::Library
            ? fmt::format("a library is a file: {} in the workspace", printable(job.path))
            : text.error().message);
    parsed.found.add(std::move(fault));
    return parsed;
  }
  parsed.module = std::make_unique<Module>();
  parsed.module->kind = job.kind;
  parsed.module->path = job.path;
  parsed.module->folder = std::string(parent_path(job.path));
  const SourceId source = sources_.add(job.path, std::move(*text));
  parsed.module->file = parse(sources_, source, parsed.found);
  return parsed;
}

void ProgramLoader::add(std::unique_ptr<Module> module) {
  modules_.push_back(module.get());
  program_.by_path_.emplace(module->path, module.get());
  program_.modules_.push_back(std::move(module));
}

/// Wants what a module names: libraries, and the projects of its labels.
void ProgramLoader::follow(const Module& module) {
  std::map<std::string, Range> labels;
  for (const ast::Decl* decl : module.file.decls) {
    if (const auto* use = std::get_if<ast::Use>(&decl->value)) follow_use(module, *use);
    for_each_expr(*decl, [&](const ast::Expr& expr) { collect_labels(expr, labels); });
  }
  for (const auto& [folder, range] : labels) {
    if (std::ranges::binary_search(program_.folders_, folder)) {
      want({.kind = ModuleKind::Project,
            .path = join_path(folder, kManifestName),
            .named_at = range});
    }
  }
}

void ProgramLoader::follow_use(const Module& module, const ast::Use& use) {
  const std::optional<std::string> path = library_path(module, use);
  if (!path) return;
  if (base_name(*path) == kManifestName) return;  // Reported when names are bound.
  want({.kind = ModuleKind::Library, .path = *path, .named_at = use.path->range});
}

/// By path, std last: the order of messages and of evaluation does not depend on waves.
void ProgramLoader::sort_modules() {
  std::ranges::sort(program_.modules_, [](const auto& a, const auto& b) {
    return std::pair(a->kind == ModuleKind::Std, std::string_view(a->path)) <
           std::pair(b->kind == ModuleKind::Std, std::string_view(b->path));
  });
  modules_.clear();
  for (const auto& module : program_.modules_)
    modules_.push_back(module.get());
}

Program resolve(Sources& sources, Files& files, const ProgramOptions& options, Diagnostics& found) {
  return ProgramLoader(sources, files, options, found).run();
}

}  // namespace devgraph::lang
