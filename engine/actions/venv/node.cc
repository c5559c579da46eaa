#include "engine/actions/wheel/node.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/actions/venv/download.h"
#include "engine/actions/venv/site.h"
#include "engine/actions/wheel/metadata.h"
#include "engine/actions/wheel/natives.h"
#include "engine/actions/wheel/project.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using actions::Context;

/// The interpreter has the version that the node wants, whatever its file is called.
Status check_version(const Context& context, const Interpreter& interpreter) {
  const std::string_view wanted = actions::string_arg(context, "python");
  const Result<std::vector<Clause>> clauses = parse_specifiers(fmt::format("=={}.*", wanted));
  const auto version = parse_python_version(interpreter.version());
  if (wanted.empty() || (clauses && version && admits(*clauses, *version))) return {};
  return fail(fmt::format("{} is Python {}, and the node wants {}", printable(interpreter.program),
                          interpreter.version(), printable(wanted)));
}

/// `a/b/c`, `a/d` -> `../../d`: from a folder to another, both in the workspace.
std::string way(std::string_view from, std::string_view to) {
  std::vector<std::string_view> here = split(from, '/');
  std::vector<std::string_view> there =
      to.empty() ? std::vector<std::string_view>() : split(to, '/');
  const auto common = std::mismatch(here.begin(), here.end(), there.begin(), there.end());
  std::string path;
  for (auto at = common.first; at != here.end(); ++at)
    path += "../";
  for (auto at = common.second; at != there.end(); ++at)
    path += fmt::format("{}/", *at);
  if (!path.empty()) path.pop_back();
  return path.empty() ? std::string(".") : path;
}

/// Installs a project in development mode: its description, and a file that leads to its sources
/// (as in PEP 660). Its normal name.
Result<std::string> install_editable(const Context& context, Site& site) {
  const std::vector<InputId> manifests = actions::inputs_arg(context, "pyproject");
  if (manifests.size() != 1) return fail("`editable` is missing: it is left out by `allow_failed`");
  const Result<std::string> text = context.files.read(context.path_of(manifests[0]));
  if (!text) return std::unexpected(text.error());
  const std::string file = printable(actions::input_name(context, manifests[0]));
  const Result<Pyproject> pyproject =
      read_pyproject(*text, file, actions::string_arg(context, "version"), Kind::Editable);
  if (!pyproject) return std::unexpected(first_of(context, pyproject.error()));
  Project project = pyproject->project;
  // Its texts lie in the sources, and are not needed to run it.
  project.readme_text.clear();
  const std::string stem = python_file_stem(project.normal_name, project.version);
  const std::string_view made = context.graph.str(context.graph.outputs(context.node)[0].path);
  const std::string lines =
      way(join_path(made, site.packages()), actions::string_arg(context, "sources")) + '\n';
  const std::string info = stem + ".dist-info";
  std::map<std::string, std::string> files = {
      {fmt::format("__editable__.{}.pth", stem), lines},
      {info + "/METADATA", metadata_text(project, {}, metadata_version(project, "2.1"))},
      {info + "/WHEEL", wheel_text("py3-none-any")}};
  const std::string entry_points = entry_points_text(project);
  if (!entry_points.empty()) files.emplace(info + "/entry_points.txt", entry_points);
  if (const Status done = site.install_files(file, stem, files); !done)
    return std::unexpected(done.error());
  return project.normal_name;
}

/// A wheel that was made by the graph is called in the key as on the disk.
Status install_wheels(const Context& context, Site& site) {
  for (const InputId input : actions::inputs_arg(context, "wheels")) {
    if (actions::stopped(context)) return actions::interrupted();
    const std::string name(base_name(actions::input_name(context, input)));
    if (name.ends_with(".whl.metadata")) continue;
    const Result<std::unique_ptr<MappedFile>> content = context.files.map(context.path_of(input));
    if (!content) return std::unexpected(content.error());
    if (const Status done = site.install(name, (*content)->bytes()); !done) return done;
  }
  return {};
}

Status install_locked(const Context& context, Site& site) {
  const std::vector<InputId> locks = actions::inputs_arg(context, "lock");
  if (locks.empty()) return {};
  const Result<std::string> text = context.files.read(context.path_of(locks[0]));
  if (!text) return std::unexpected(text.error());
  if (text->find("[[package]]") != std::string::npos ||
      text->find("[[packages]]") != std::string::npos) {
    return fail(
        fmt::format("{} is a lock of a project; a list of requirements with hashes is needed, as "
                    "`poetry export` "
                    "and `uv export` write it out of such a lock",
                    printable(actions::input_name(context, locks[0]))));
  }
  std::set<std::string> near;
  for (const InputId input : actions::inputs_arg(context, "wheels"))
    near.emplace(parent_path(context.path_of(input)));
  const Result<std::vector<std::string>> wheels =
      download_wheels(context, site.interpreter(), context.path_of(locks[0]),
                      std::vector<std::string>(near.begin(), near.end()));
  if (!wheels) return std::unexpected(wheels.error());
  for (const std::string& path : *wheels) {
    const std::string name(base_name(path));
    const Result<FileName> parts = parse_file_name(name);
    if (!parts) return std::unexpected(parts.error());
    const auto held = site.installed().find(parts->project);
    if (held != site.installed().end()) {
      if (compare(held->second.version, parts->version) == 0) continue;
      return fail(fmt::format("the lock file wants {} {}, and {} is among the wheels",
                              parts->project, show(parts->version), held->second.file));
    }
    const Result<std::unique_ptr<MappedFile>> content = context.files.map(path);
    if (!content) return std::unexpected(content.error());
    if (const Status done = site.install(name, (*content)->bytes()); !done) return done;
  }
  return {};
}

/// The package that `extras` are of: the project in development mode, or the first wheel.
std::string main_package(const Context& context, const std::string& editable) {
  if (!editable.empty()) return editable;
  const std::vector<InputId> wheels = actions::inputs_arg(context, "wheels");
  if (wheels.empty()) return {};
  const Result<FileName> name = parse_file_name(base_name(actions::input_name(context, wheels[0])));
  return name ? name->project : std::string();
}

Status check_site(const Context& context, const Site& site, const std::string& editable) {
  std::vector<std::string> extras;
  for (const std::string_view extra : actions::strings_arg(context, "extras"))
    extras.push_back(normal_python_name(extra).value_or(std::string(extra)));
  const std::string name = main_package(context, editable);
  if (!extras.empty() && name.empty())
    return fail(
        "`extras` are of the project that is `editable`, or of the first wheel; there is "
        "neither");
  const Status done = site.check(name, extras);
  if (done) return done;
  return std::unexpected(first_of(context, done.error()));
}

}  // namespace

}  // namespace devgraph::wheel

namespace devgraph::actions {

/// venv(interpreter, python, wheels, pyproject, sources, version, lock, extras)
Status run_venv(const Context& context) {
  const std::vector<InputId> programs = inputs_arg(context, "interpreter");
  if (programs.size() != 1) return fail("the interpreter is missing");
  const Result<wheel::Interpreter> interpreter =
      wheel::ask_interpreter(context, context.path_of(programs[0]));
  if (!interpreter) return std::unexpected(interpreter.error());
  if (const Status done = wheel::check_version(context, *interpreter); !done) return done;
  Result<wheel::Site> site = wheel::Site::open(context, *interpreter, context.out_path(0));
  if (!site) return std::unexpected(site.error());
  std::string editable;
  if (!inputs_arg(context, "pyproject").empty()) {
    Result<std::string> name = wheel::install_editable(context, *site);
    if (!name) return std::unexpected(name.error());
    editable = std::move(*name);
  }
  if (const Status done = wheel::install_wheels(context, *site); !done) return done;
  if (const Status done = wheel::install_locked(context, *site); !done) return done;
  if (const Status done = wheel::check_site(context, *site, editable); !done) return done;
  return site->finish();
}

}  // namespace devgraph::actions
