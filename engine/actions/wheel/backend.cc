/// Whether a project can be packed without its build backend: only where nothing that the backend
/// would do changes what is in the package.

#include <array>

#include "engine/actions/wheel/project_reader.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"

namespace devgraph::wheel {

namespace {

constexpr std::string_view kWhy =
    "the project cannot be packed without its build backend; `wheel_by_backend` runs it";

constexpr std::array<std::string_view, 8> kBackends = {"setuptools.build_meta",
                                                       "setuptools.build_meta:__legacy__",
                                                       "hatchling.build",
                                                       "flit_core.buildapi",
                                                       "poetry.core.masonry.api",
                                                       "pdm.backend",
                                                       "uv_build",
                                                       "flit.buildapi"};

// What such a backend may ask for without changing more than the version.
constexpr std::array<std::string_view, 13> kHarmless = {
    "setuptools",  "wheel",       "hatchling",   "flit-core",      "flit",
    "poetry-core", "pdm-backend", "uv-build",    "setuptools-scm", "hatch-vcs",
    "editables",   "packaging",   "versioningit"};

void refuse(const toml::source_position& at, std::string_view what, Problems& problems) {
  problems.add(at, fmt::format("{}: {}", what, kWhy));
}

void read_build_system(const toml::table& table, Problems& problems) {
  if (const toml::node* node = table.get("build-backend")) {
    const std::optional<std::string> backend = text_of(*node, "build-backend", problems);
    if (backend && std::find(kBackends.begin(), kBackends.end(), *backend) == kBackends.end()) {
      refuse(node->source().begin,
             fmt::format("`{}` may make more than what [project] says", printable(*backend)),
             problems);
    }
  }
  if (table.contains("backend-path"))
    refuse(table.get("backend-path")->source().begin, "the backend is part of the project",
           problems);
  const toml::node* requires_node = table.get("requires");
  const toml::array* list =
      requires_node != nullptr ? list_of(*requires_node, "requires", problems) : nullptr;
  if (list == nullptr) return;
  for (const toml::node& item : *list) {
    const std::optional<std::string> text = text_of(item, "an element of requires", problems);
    if (!text) continue;
    const Result<Requirement> one = parse_requirement(*text);
    if (!one) {
      problems.add(item,
                   fmt::format("the dependency `{}`: {}", printable(*text), one.error().message));
      continue;
    }
    const std::optional<std::string> name = normal_python_name(one->name);
    if (name && std::find(kHarmless.begin(), kHarmless.end(), *name) != kHarmless.end()) continue;
    refuse(item.source().begin, fmt::format("`{}` takes part in the build", printable(one->name)),
           problems);
  }
}

/// The value at dotted keys below a table; null if there is none.
const toml::node* below(const toml::table& table, std::string_view path) {
  const toml::node* node = &table;
  for (const std::string_view key : split(path, '.')) {
    const toml::table* inner = node->as_table();
    node = inner != nullptr ? inner->get(key) : nullptr;
    if (node == nullptr) return nullptr;
  }
  return node;
}

/// Refuses the keys of `[tool.path]` that are not among those that change nothing.
void only(const toml::table& tool, std::string_view path,
          std::initializer_list<std::string_view> harmless, Problems& problems) {
  const toml::node* node = below(tool, path);
  const toml::table* table = node != nullptr ? node->as_table() : nullptr;
  if (table == nullptr) return;
  for (const auto& [key, value] : *table) {
    if (std::find(harmless.begin(), harmless.end(), key.str()) != harmless.end()) continue;
    refuse(key.source().begin,
           fmt::format("`{}` of [tool.{}] changes what is packed", printable(key.str()), path),
           problems);
  }
}

void never(const toml::table& tool, std::string_view path, Problems& problems) {
  const toml::node* node = below(tool, path);
  if (node == nullptr) return;
  refuse(node->source().begin, fmt::format("`tool.{}` changes what is packed", path), problems);
}

void add_package(const toml::node& node, std::string_view what, Selection& selection,
                 Problems& problems) {
  const std::optional<std::string> text = text_of(node, what, problems);
  if (!text) return;
  const std::optional<std::string> path = canonical(*text);
  if (!path || path->empty()) {
    return problems.add(node, fmt::format("`{}` is no path in the project", printable(*text)));
  }
  selection.packages.push_back({*path, problems.place(node)});
}

/// `package-dir = { "" = "src" }` and `packages.find.where = ["src"]` say what is found anyway.
void read_setuptools(const toml::table& tool, Problems& problems) {
  only(tool, "setuptools",
       {"zip-safe", "include-package-data", "package-dir", "packages", "dynamic", "platforms"},
       problems);
  only(tool, "setuptools.packages", {"find"}, problems);
  only(tool, "setuptools.packages.find", {"where"}, problems);
  only(tool, "setuptools.package-dir", {""}, problems);
  const toml::node* packages = below(tool, "setuptools.packages");
  if (packages != nullptr && !packages->is_table())
    refuse(packages->source().begin, "a list of packages may leave some out", problems);
  const auto is_usual = [](const toml::node& node) {
    const auto* text = node.as_string();
    return text != nullptr && (text->get() == "src" || text->get() == "." || text->get().empty());
  };
  const toml::node* root = below(tool, "setuptools.package-dir");
  if (root != nullptr && root->is_table()) root = root->as_table()->get("");
  if (root != nullptr && !is_usual(*root))
    refuse(root->source().begin, "packages lie neither here nor in `src`", problems);
  const toml::node* where = below(tool, "setuptools.packages.find.where");
  if (where == nullptr || !where->is_array()) return;
  for (const toml::node& item : *where->as_array()) {
    if (!is_usual(item))
      refuse(item.source().begin, "packages lie neither here nor in `src`", problems);
  }
}

void read_hatch(const toml::table& tool, Kind kind, Selection& selection, Problems& problems) {
  only(tool, "hatch.build", {"targets"}, problems);
  only(tool, "hatch.build.targets", {"wheel", "sdist"}, problems);
  if (kind == Kind::Sdist) return only(tool, "hatch.build.targets.sdist", {}, problems);
  only(tool, "hatch.build.targets.wheel", {"packages"}, problems);
  const toml::node* packages = below(tool, "hatch.build.targets.wheel.packages");
  const toml::array* list =
      packages != nullptr ? list_of(*packages, "packages", problems) : nullptr;
  if (list == nullptr) return;
  for (const toml::node& item : *list)
    add_package(item, "an element of packages", selection, problems);
}

}  // namespace

void read_backend(const toml::table& root, Kind kind, Selection& selection, Problems& problems) {
  if (const toml::node* node = root.get("build-system")) {
    if (const toml::table* table = table_of(*node, "build-system", problems))
      read_build_system(*table, problems);
  }
  const toml::node* node = root.get("tool");
  const toml::table* tool = node != nullptr ? node->as_table() : nullptr;
  if (tool == nullptr) return;
  read_setuptools(*tool, problems);
  read_hatch(*tool, kind, selection, problems);
  never(*tool, "flit.external-data", problems);
  never(*tool, "flit.metadata", problems);
  if (kind == Kind::Sdist) never(*tool, "flit.sdist", problems);
  if (const toml::node* name = below(*tool, "flit.module.name"))
    add_package(*name, "name", selection, problems);
  for (const std::string_view key : {"packages", "include", "exclude", "build"})
    never(*tool, fmt::format("poetry.{}", key), problems);
  never(*tool, "pdm.build", problems);
  never(*tool, "uv.build-backend", problems);
}

}  // namespace devgraph::wheel
