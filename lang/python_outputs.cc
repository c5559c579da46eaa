#include "lang/python_outputs.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::lang {
namespace {

/// The topmost pyproject.toml of `src` that is a source file.
const FileObject* manifest_of(const std::vector<Value>& sources, const World& world) {
  const auto depth = [](const std::string& path) {
    return std::count(path.begin(), path.end(), '/');
  };
  const FileObject* best = nullptr;
  for (const Value& one : sources) {
    if (!one.is(ValueKind::File)) continue;
    const FileObject& file = one.as<FileObject>();
    if (base_name(file.path) != "pyproject.toml" || world.is_output(file.path)) continue;
    if (best == nullptr || depth(file.path) < depth(best->path)) best = &file;
  }
  return best;
}

/// A text of `[project]`. That it was read is recorded, and that it was not there.
std::string project_text(const Value& root, const std::string& path, const std::string& key,
                         World& world) {
  const Value* project = root.find("project");
  const Value* text =
      project != nullptr && project->is(ValueKind::Map) ? project->find(key) : nullptr;
  DataObject data;
  data.path = path;
  data.decoder = "toml";
  world.use_part(data, {"project", key}, text);
  return text != nullptr && text->is(ValueKind::String) ? text->text() : std::string();
}

}  // namespace

std::string python_output_name(std::string_view rule, std::string_view field, Evaluator& evaluator,
                               Cell& cell) {
  const auto given = [&](std::string_view name) {
    const Value value = evaluator.parameter(cell, name);
    std::string text;
    return scalar_text(value, text) ? text : std::string();
  };
  const std::string suffix = field == "out" ? "" : fmt::format(".{}", field);
  std::string fallback = cell.family->name + suffix;
  const std::vector<Value> sources = evaluator.elements(evaluator.parameter(cell, "src"));
  World& world = evaluator.world();
  const FileObject* manifest = manifest_of(sources, world);
  if (manifest == nullptr) return fallback;
  const auto root = world.read_data(manifest->path, "toml");
  if (!root) {
    // A file that is not there is told of where it is used.
    if (world.kind(manifest->path) == FileKind::Regular)
      evaluator.report_data(manifest->path, "toml", root.error(), cell.family->range);
    return fallback;
  }
  // Where these are no name and no version the action says so, with their place.
  const std::optional<std::string> name =
      normal_python_name(project_text(*root, manifest->path, "name", world));
  std::string text = project_text(*root, manifest->path, "version", world);
  if (text.empty()) text = given("version");
  const std::optional<PythonVersion> version = parse_python_version(text);
  if (!name || !version) return fallback;
  const std::string stem = python_file_stem(*name, show(*version));
  if (rule == "sdist") return stem + ".tar.gz" + suffix;
  const std::optional<std::string> tag = python_wheel_tag(given("python"), given("platform"));
  if (!tag) return fallback;
  return fmt::format("{}-{}.whl{}", stem, *tag, suffix);
}

std::string python_source_folder(const std::string& folder, World& world) {
  const std::string manifest = join_path(folder, "pyproject.toml");
  const auto root = world.read_data(manifest, "toml");
  const std::optional<std::string> name =
      root ? normal_python_name(project_text(*root, manifest, "name", world)) : std::nullopt;
  std::string module = name.value_or(std::string());
  std::replace(module.begin(), module.end(), '-', '_');
  const std::string below = join_path(folder, "src");
  const auto holds = [&](const std::string& place) {
    return !module.empty() && (world.exists(join_path(place, module)) ||
                               world.exists(join_path(place, module + ".py")));
  };
  if (holds(below)) return below;
  return !holds(folder) && world.exists(below) ? below : folder;
}

}  // namespace devgraph::lang
