#include "engine/actions/wheel/sources.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/actions/tree_walk.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;

constexpr std::string_view kManifest = "pyproject.toml";

bool is_litter(std::string_view path) {
  for (const std::string_view part : split(path, '/')) {
    if (part == "__pycache__" || part == ".git" || part.ends_with(".egg-info")) return true;
  }
  const std::string_view name = base_name(path);
  return name.ends_with(".pyc") || name.ends_with(".pyo") || name.ends_with('~') ||
         name.ends_with(".swp") || name.ends_with(".swo") || name.starts_with(".#") ||
         (name.starts_with('#') && name.ends_with('#')) || name == ".DS_Store";
}

struct Found {
  std::string name;  ///< As in the key: below the manifest's folder, `//x` elsewhere.
  SourceFile file;
  bool is_built = false;
};

Status add_tree(const Context& context, InputId tree, std::vector<Found>& all) {
  const Result<std::vector<actions::TreeEntry>> entries = actions::tree_entries(context, tree);
  if (!entries) return std::unexpected(entries.error());
  const std::string name = actions::input_name(context, tree);
  const bool is_built = context.graph.input(tree).kind != InputKind::SourceTree;
  for (const actions::TreeEntry& entry : *entries) {
    if (entry.kind == FileKind::Folder) continue;
    const std::string path = join_path(name, entry.path);
    if (entry.kind == FileKind::Symlink) {
      return fail(
          fmt::format("`{}` is a link, and a package holds files only; make the node that "
                      "builds it copy the file",
                      printable(path)));
    }
    all.push_back({path, {entry.absolute, path}, is_built});
  }
  return {};
}

Result<std::vector<Found>> all_files(const Context& context) {
  std::vector<Found> all;
  for (const InputId input : actions::inputs_arg(context, "src")) {
    if (actions::stopped(context)) return actions::interrupted();
    if (actions::is_tree(context, input)) {
      if (const Status done = add_tree(context, input, all); !done)
        return std::unexpected(done.error());
      continue;
    }
    const InputKind kind = context.graph.input(input).kind;
    const std::string name = actions::input_name(context, input);
    all.push_back({name, {context.path_of(input), name}, kind != InputKind::Source});
  }
  return all;
}

/// The folder of the topmost pyproject.toml, with a slash behind it.
Result<std::string> root_of(const std::vector<Found>& all) {
  const auto depth = [](const std::string& name) {
    return std::count(name.begin(), name.end(), '/');
  };
  const Found* best = nullptr;
  const Found* equal = nullptr;
  for (const Found& one : all) {
    if (base_name(one.name) != kManifest) continue;
    if (best != nullptr && depth(one.name) == depth(best->name) && one.name != best->name)
      equal = &one;
    if (best == nullptr || depth(one.name) < depth(best->name)) {
      best = &one;
      equal = nullptr;
    }
  }
  if (best == nullptr)
    return fail("`src` holds no pyproject.toml; add it, as in src = [./pyproject.toml, ./src/**]");
  if (equal != nullptr) {
    return fail(fmt::format("`src` holds two projects, {} and {}; a node packs one",
                            printable(best->name), printable(equal->name)));
  }
  return best->name.substr(0, best->name.size() - kManifest.size());
}

}  // namespace

Result<Sources> collect_sources(const Context& context) {
  const Result<std::vector<Found>> all = all_files(context);
  if (!all) return std::unexpected(all.error());
  const Result<std::string> root = root_of(*all);
  if (!root) return std::unexpected(root.error());
  Sources sources;
  sources.manifest = *root + std::string(kManifest);
  for (const Found& one : *all) {
    std::string path = one.name;
    if (path.starts_with(*root)) {
      path.erase(0, root->size());
    } else if (!one.is_built) {
      return fail(
          fmt::format("`{}` lies outside of `{}`, the project's folder, so it has no place in the "
                      "package; leave it out of `src`, or let a node copy it",
                      printable(path), printable(root->substr(0, root->size() - 1))));
    }
    if (is_litter(path)) continue;
    const auto [at, added] = sources.files.try_emplace(path, one.file);
    if (added || at->second.absolute == one.file.absolute) continue;
    return fail(fmt::format("`{}` would be both {} and {}", printable(path),
                            printable(at->second.absolute), printable(one.file.absolute)));
  }
  return sources;
}

namespace {

/// The lines of a Python file that are neither empty nor comments nor plain imports.
std::vector<std::string> statements_of(std::string_view text) {
  std::vector<std::string> lines;
  bool in_text = false;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view bare = trim(line);
    const bool has_quotes = bare.starts_with("\"\"\"") || bare.starts_with("'''");
    if (has_quotes || in_text) {
      const bool on_one_line =
          !in_text && bare.size() >= 6 && (bare.ends_with("\"\"\"") || bare.ends_with("'''"));
      const bool ends = in_text && (bare.ends_with("\"\"\"") || bare.ends_with("'''"));
      in_text = !on_one_line && !ends;
      continue;
    }
    if (bare.empty() || bare.starts_with('#') || bare == "import setuptools" ||
        bare.starts_with("from setuptools import setup"))
      continue;
    lines.emplace_back(bare);
  }
  return lines;
}

bool is_empty_setup(std::string_view text) {
  const std::vector<std::string> lines = statements_of(text);
  return std::all_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line == "setup()" || line == "setuptools.setup()" ||
           line == "if __name__ == \"__main__\":" || line == "if __name__ == '__main__':";
  });
}

bool has_package_sections(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("[metadata]") || line.starts_with("[options")) return true;
  }
  return false;
}

}  // namespace

Status check_setup_files(const Context& context, const SourceFiles& files) {
  const auto text_of = [&](const char* name) -> Result<std::string> {
    const auto at = files.find(name);
    if (at == files.end()) return std::string();
    return context.files.read(at->second.absolute);
  };
  const Result<std::string> program = text_of("setup.py");
  if (!program) return std::unexpected(program.error());
  if (!is_empty_setup(*program)) {
    return fail(
        "setup.py does more than call setup(), so only setuptools can build this: use "
        "`wheel_by_backend`, move what it says into pyproject.toml, or leave it out of `src`");
  }
  const Result<std::string> settings = text_of("setup.cfg");
  if (!settings) return std::unexpected(settings.error());
  if (has_package_sections(*settings)) {
    return fail(
        "setup.cfg has [metadata] or [options], which only setuptools reads: use "
        "`wheel_by_backend`, move what they say into pyproject.toml, or leave it out of `src`");
  }
  return {};
}

}  // namespace devgraph::wheel
