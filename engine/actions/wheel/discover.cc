/// Which of a project's files make its package, and which are its readme and licences.

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/actions/glob.h"
#include "engine/actions/wheel/sources.h"
#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

bool is_python(std::string_view path) {
  return path.ends_with(".py") || path.ends_with(".pyi");
}

/// Whether some file lies below a folder of the project.
bool has_folder(const SourceFiles& files, const std::string& folder) {
  const auto at = files.lower_bound(folder + "/");
  return at != files.end() && at->first.starts_with(folder + "/");
}

/// What could be imported: `src/acme`, `acme.py`. In `src` any folder with Python in it counts,
/// beside pyproject.toml only one that says so by an __init__ file.
std::vector<std::string> candidates(const SourceFiles& files, bool in_src) {
  std::set<std::string> found;
  for (const auto& [path, file] : files) {
    if (path.starts_with("src/") != in_src || !is_python(path)) continue;
    const std::string_view inside = std::string_view(path).substr(in_src ? 4 : 0);
    const std::vector<std::string_view> parts = split(inside, '/');
    const std::string prefix = in_src ? "src/" : "";
    if (parts.size() == 1) {
      if (inside.ends_with(".py") && inside != "setup.py")
        found.insert(prefix + std::string(inside));
      continue;
    }
    const bool is_init = parts.size() == 2 && parts[1].starts_with("__init__.py");
    if (in_src || is_init) found.insert(prefix + std::string(parts[0]));
  }
  return {found.begin(), found.end()};
}

bool has_name_of(const std::string& candidate, const Project& project) {
  std::string_view name = base_name(candidate);
  if (name.ends_with(".py")) name.remove_suffix(3);
  const std::optional<std::string> normal = normal_python_name(name);
  return normal && *normal == project.normal_name;
}

/// What lies beside packages by custom, and is none.
bool is_beside(const std::string& candidate) {
  constexpr std::array<std::string_view, 14> kBeside = {
      "test",    "tests",      "testing",     "doc",        "docs",     "example",    "examples",
      "scripts", "benchmarks", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "tools"};
  return std::find(kBeside.begin(), kBeside.end(), candidate) != kBeside.end();
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

Result<std::vector<std::string>> discovered(const SourceFiles& files, const Project& project) {
  constexpr std::string_view kCure =
      "name those that belong into it at the node, as in packages = [\"{}\"]";
  const std::vector<std::string> in_src = candidates(files, true);
  std::vector<std::string> named;
  std::vector<std::string> flat;
  for (const std::string& one : candidates(files, false)) {
    if (has_name_of(one, project)) named.push_back(one);
    if (!is_beside(one)) flat.push_back(one);
  }
  if (!in_src.empty() && !named.empty()) {
    return fail(fmt::format("both `src` and `{}` could be the package; {}", printable(named[0]),
                            fmt::format(fmt::runtime(kCure), named[0])));
  }
  const std::vector<std::string>& found = !in_src.empty() ? in_src : !named.empty() ? named : flat;
  if (found.size() == 1) return found;
  if (found.empty()) {
    std::string module = project.normal_name;
    std::replace(module.begin(), module.end(), '-', '_');
    return fail(
        fmt::format("`src` holds no package: neither src/{0}/, {0}/ nor {0}.py; add its "
                    "files, as in src = [./pyproject.toml, ./src/**]",
                    module));
  }
  return fail(fmt::format("these could be the package: {}; {}", list_of(found),
                          fmt::format(fmt::runtime(kCure), found[0])));
}

/// `acme` and `acme.tools` may lie in `src` or beside pyproject.toml.
Result<std::string> located(const SourceFiles& files, const Located& chosen) {
  const std::optional<std::string> clean = canonical(chosen.text);
  if (!clean || clean->empty())
    return fail(fmt::format("{}: `{}` is no package", chosen.place, printable(chosen.text)));
  std::string dotted = *clean;
  std::replace(dotted.begin(), dotted.end(), '.', '/');
  for (const std::string& path :
       {*clean, *clean + ".py", "src/" + *clean, "src/" + *clean + ".py", dotted, dotted + ".py",
        "src/" + dotted, "src/" + dotted + ".py"}) {
    if (files.contains(path) || has_folder(files, path)) return path;
  }
  return fail(fmt::format("{}: there is no package `{}` among `src`", chosen.place,
                          printable(chosen.text)));
}

}  // namespace

Result<std::vector<Packed>> package_files(const SourceFiles& files, const Project& project,
                                          const std::vector<Located>& chosen) {
  std::vector<std::string> roots;
  for (const Located& one : chosen) {
    Result<std::string> path = located(files, one);
    if (!path) return std::unexpected(path.error());
    roots.push_back(std::move(*path));
  }
  if (chosen.empty()) {
    Result<std::vector<std::string>> found = discovered(files, project);
    if (!found) return std::unexpected(found.error());
    roots = std::move(*found);
  }
  std::map<std::string, SourceFile> packed;
  for (const std::string& root : roots) {
    for (const auto& [path, file] : files) {
      if (path != root && !path.starts_with(root + "/")) continue;
      const std::string inside = path.starts_with("src/") ? path.substr(4) : path;
      const auto [at, added] = packed.try_emplace(inside, file);
      if (!added && at->second.absolute != file.absolute)
        return fail(fmt::format("`{}` would be in the wheel twice", printable(inside)));
    }
  }
  std::vector<Packed> made;
  made.reserve(packed.size());
  for (auto& [path, file] : packed)
    made.push_back({path, std::move(file)});
  return made;
}

std::vector<std::string> without_brackets(std::string_view glob) {
  const std::size_t open = glob.find('[');
  const std::size_t close = open == std::string_view::npos ? open : glob.find(']', open + 2);
  if (close == std::string_view::npos) return {std::string(glob)};
  const std::string_view set = glob.substr(open + 1, close - open - 1);
  std::string letters;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      for (char c = set[i]; c <= set[i + 2] && c >= 0; ++c)
        letters += c;
      i += 2;
    } else {
      letters += set[i];
    }
  }
  std::vector<std::string> globs;
  for (const std::string& rest : without_brackets(glob.substr(close + 1))) {
    for (const char c : letters)
      globs.push_back(fmt::format("{}{}{}", glob.substr(0, open), c, rest));
  }
  return globs;
}

namespace {

void add_matches(const SourceFiles& files, std::string_view glob, std::set<std::string>& found) {
  for (const std::string& plain : without_brackets(glob)) {
    for (const auto& [path, file] : files) {
      if (actions::glob_matches(plain, path)) found.insert(path);
    }
  }
}

Result<std::vector<std::string>> license_files(const SourceFiles& files, const Project& project) {
  std::set<std::string> found;
  if (project.license_file) found.insert(project.license_file->text);
  if (!project.license_globs) {
    for (const std::string_view glob : {"LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*"})
      add_matches(files, glob, found);
    return std::vector<std::string>(found.begin(), found.end());
  }
  for (const Located& glob : *project.license_globs) {
    const std::size_t before = found.size();
    add_matches(files, glob.text, found);
    if (found.size() > before) continue;
    return fail(fmt::format("{}: `{}` matches no file; add the licence to `src`", glob.place,
                            printable(glob.text)));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

Result<std::string> read_named(const actions::Context& context, const SourceFiles& files,
                               const Located& named) {
  const auto at = files.find(named.text);
  if (at == files.end()) {
    return fail(fmt::format("{}: `{}` is not among `src`; add ./{} to it", named.place,
                            printable(named.text), printable(named.text)));
  }
  Result<std::string> text = context.files.read(at->second.absolute);
  if (text && !is_valid_utf8(*text))
    return fail(fmt::format("{}: `{}` is not UTF-8", named.place, printable(named.text)));
  if (text && text->starts_with("\xEF\xBB\xBF")) text->erase(0, 3);
  return text;
}

}  // namespace

Result<Texts> read_texts(const actions::Context& context, const SourceFiles& files,
                         const Project& project) {
  Texts texts;
  if (project.readme_file) {
    Result<std::string> text = read_named(context, files, *project.readme_file);
    if (!text) return std::unexpected(text.error());
    texts.description = std::move(*text);
  }
  if (project.license_file) {
    Result<std::string> text = read_named(context, files, *project.license_file);
    if (!text) return std::unexpected(text.error());
    texts.license = std::move(*text);
  }
  Result<std::vector<std::string>> found = license_files(files, project);
  if (!found) return std::unexpected(found.error());
  texts.license_files = std::move(*found);
  return texts;
}

}  // namespace devgraph::wheel
