#include <array>

#include "engine/actions/wheel/project_reader.h"
#include "engine/base/python_name.h"

namespace devgraph::wheel {

namespace {

constexpr std::array<std::string_view, 18> kKeys = {"authors",
                                                    "classifiers",
                                                    "dependencies",
                                                    "description",
                                                    "dynamic",
                                                    "entry-points",
                                                    "gui-scripts",
                                                    "keywords",
                                                    "license",
                                                    "license-files",
                                                    "maintainers",
                                                    "name",
                                                    "optional-dependencies",
                                                    "readme",
                                                    "requires-python",
                                                    "scripts",
                                                    "urls",
                                                    "version"};

void read_name(const toml::table& table, Project& project, Problems& problems) {
  const toml::node* node = table.get("name");
  if (node == nullptr) return problems.add(table, "[project] has no name; write name = \"…\"");
  const std::optional<std::string> name = text_of(*node, "name", problems);
  if (!name) return;
  const std::optional<std::string> normal = normal_python_name(*name);
  if (!normal) {
    return problems.add(*node, fmt::format("`{}` is no name of a package; write letters and "
                                           "digits, and between them `-`, `_` or `.`",
                                           printable(*name)));
  }
  project.name = *name;
  project.normal_name = *normal;
}

/// The fields that are said to be found out at build time. Only the version can be given.
bool is_dynamic_version(const toml::table& table, std::string_view version, Problems& problems) {
  const toml::node* node = table.get("dynamic");
  const toml::array* list = node != nullptr ? list_of(*node, "dynamic", problems) : nullptr;
  if (list == nullptr) return false;
  bool is_dynamic = false;
  for (const toml::node& item : *list) {
    const std::optional<std::string> field = text_of(item, "a name in dynamic", problems);
    if (!field) continue;
    if (table.contains(*field)) {
      problems.add(
          item, fmt::format("`{0}` is dynamic and given; remove one of them", printable(*field)));
    } else if (*field == "version") {
      is_dynamic = true;
      if (version.empty()) {
        problems.add(item,
                     "the version is dynamic, so only the build backend could find it out; give it "
                     "to the node, as in version = find(read(./pkg/__init__.py), \"__version__ = "
                     "\\\"(.+)\\\"\"), or write it into [project]");
      }
    } else {
      problems.add(item, fmt::format("`{}` is dynamic, so only the build backend could find it "
                                     "out; write it into [project] and remove it here",
                                     printable(*field)));
    }
  }
  return is_dynamic;
}

void read_version(const toml::table& table, std::string_view given, Project& project,
                  Problems& problems) {
  const bool is_dynamic = is_dynamic_version(table, given, problems);
  const toml::node* node = table.get("version");
  const std::optional<PythonVersion> of_node = parse_python_version(given);
  if (!given.empty() && !of_node) {
    problems.add(toml::source_position{},
                 fmt::format("the `version` of the node, `{}`, is no version of PEP 440; write, "
                             "for instance, 1.2.0 or 1.2.0rc1",
                             printable(given)));
  }
  if (node == nullptr) {
    if (!is_dynamic)
      problems.add(table,
                   "[project] has no version; write version = \"1.0.0\", or dynamic = "
                   "[\"version\"] and give it to the node");
    if (of_node) project.version = show(*of_node);
    return;
  }
  const std::optional<std::string> text = text_of(*node, "version", problems);
  if (!text) return;
  const std::optional<PythonVersion> version = parse_python_version(*text);
  if (!version) {
    return problems.add(*node, fmt::format("`{}` is no version of PEP 440; write, for instance, "
                                           "1.2.0, 1.2.0rc1 or 1.2.0.dev3",
                                           printable(*text)));
  }
  project.version = show(*version);
  if (of_node && show(*of_node) != project.version) {
    problems.add(*node, fmt::format("the version is `{}` here and `{}` at the node; remove one of "
                                    "them (here: write dynamic = [\"version\"] in its place)",
                                    project.version, show(*of_node)));
  }
}

void read_people(const toml::node& node, std::string_view what, std::vector<Person>& people,
                 Problems& problems) {
  const toml::array* list = list_of(node, what, problems);
  if (list == nullptr) return;
  for (const toml::node& item : *list) {
    const toml::table* table = item.as_table();
    if (table == nullptr) {
      problems.add(item, fmt::format("one of {} is {}; write {{ name = \"…\", email = \"…\" }}",
                                     what, kind_of(item)));
      continue;
    }
    Person person;
    for (const auto& [key, value] : *table) {
      const bool is_name = key.str() == "name";
      if (!is_name && key.str() != "email") {
        problems.add(key.source().begin, fmt::format("a person has `name` and `email`, not `{}`",
                                                     printable(key.str())));
        continue;
      }
      const std::optional<std::string> text = text_of(value, key.str(), problems);
      if (!text) continue;
      const bool is_good = is_name ? text->find_first_of("\r\n") == std::string::npos
                                   : text->find('@') != std::string::npos &&
                                         text->find_first_of("\r\n <>,") == std::string::npos;
      if (!is_good)
        problems.add(value, fmt::format("`{}` is no {}", printable(*text),
                                        is_name ? "name" : "address of mail"));
      (is_name ? person.name : person.email) = *text;
    }
    if (person.name.empty() && person.email.empty())
      problems.add(item, "a person needs a `name` or an `email`");
    people.push_back(std::move(person));
  }
}

std::vector<std::pair<std::string, const toml::node*>> texts_of(const toml::node& node,
                                                                std::string_view what,
                                                                Problems& problems) {
  std::vector<std::pair<std::string, const toml::node*>> texts;
  const toml::array* list = list_of(node, what, problems);
  if (list == nullptr) return texts;
  for (const toml::node& item : *list) {
    const std::optional<std::string> text =
        text_of(item, fmt::format("an element of {}", what), problems);
    if (text) texts.emplace_back(*text, &item);
  }
  return texts;
}

void read_words(const toml::node& node, std::string_view what, std::vector<std::string>& words,
                Problems& problems) {
  const bool is_keyword = what == "keywords";
  for (auto& [text, item] : texts_of(node, what, problems)) {
    if (text.find_first_of(is_keyword ? ",\r\n" : "\r\n") != std::string::npos)
      problems.add(*item, "one line each, and no comma in a keyword");
    if (!is_keyword && text.find(" :: ") == std::string::npos)
      problems.add(*item, fmt::format("`{}` is no classifier; pypi.org/classifiers lists them",
                                      printable(text)));
    words.push_back(std::move(text));
  }
}

std::vector<Requirement> requirements_of(const toml::node& node, std::string_view what,
                                         Problems& problems) {
  std::vector<Requirement> found;
  for (const auto& [text, item] : texts_of(node, what, problems)) {
    Result<Requirement> one = parse_requirement(text);
    if (one) {
      found.push_back(std::move(*one));
    } else {
      problems.add(*item,
                   fmt::format("the dependency `{}`: {}", printable(text), one.error().message));
    }
  }
  return found;
}

void read_extras(const toml::node& node, Project& project, Problems& problems) {
  const toml::table* table = table_of(node, "optional-dependencies", problems);
  if (table == nullptr) return;
  for (const auto& [key, value] : *table) {
    const std::optional<std::string> name = normal_python_name(key.str());
    if (!name) {
      problems.add(key.source().begin,
                   fmt::format("`{}` is no name of an extra", printable(key.str())));
      continue;
    }
    const bool is_twice = std::any_of(project.extras.begin(), project.extras.end(),
                                      [&](const auto& extra) { return extra.first == *name; });
    if (is_twice)
      problems.add(key.source().begin, fmt::format("the extra `{}` stands here twice", *name));
    project.extras.emplace_back(*name, requirements_of(value, "an extra", problems));
  }
  std::sort(project.extras.begin(), project.extras.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
}

void read_urls(const toml::node& node, Project& project, Problems& problems) {
  const toml::table* table = table_of(node, "urls", problems);
  if (table == nullptr) return;
  constexpr std::size_t kLongestLabel = 32;  // PyPI's rule.
  std::vector<std::pair<toml::source_position, std::pair<std::string, std::string>>> found;
  for (const auto& [key, value] : *table) {
    const std::string label(key.str());
    if (label.size() > kLongestLabel || label.find_first_of(",\r\n") != std::string::npos)
      problems.add(key.source().begin, "a label has up to 32 bytes, on one line, without commas");
    const std::optional<std::string> url = text_of(value, "a URL", problems);
    if (url && url->find_first_of(" \t\r\n") != std::string::npos)
      problems.add(value, fmt::format("`{}` is no URL", printable(*url)));
    if (url) found.push_back({key.source().begin, {label, *url}});
  }
  // In the order of the file: pages show them so.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [at, pair] : found)
    project.urls.push_back(std::move(pair));
}

void read_line(const toml::node& node, Project& project, Problems& problems) {
  const std::optional<std::string> text = text_of(node, "description", problems);
  if (!text) return;
  project.summary = *text;
  if (text->find_first_of("\r\n") != std::string::npos)
    problems.add(node, "the description is one line; a longer text belongs into the readme");
}

void read_python(const toml::node& node, Project& project, Problems& problems) {
  const std::optional<std::string> text = text_of(node, "requires-python", problems);
  if (!text) return;
  Result<std::vector<Clause>> clauses = parse_specifiers(*text);
  if (!clauses) return problems.add(node, "requires-python: " + clauses.error().message);
  project.requires_python = std::move(*clauses);
}

/// Two statements of one thing could differ (PEP 639).
void check_license(const toml::table& table, const Project& project, Problems& problems) {
  if (project.license_expression.empty()) return;
  for (const std::string& classifier : project.classifiers) {
    if (!classifier.starts_with("License ::")) continue;
    problems.add(*table.get("classifiers"), fmt::format("`{}` says again what `license` says; "
                                                        "remove the classifier",
                                                        printable(classifier)));
  }
}

void check_keys(const toml::table& table, Problems& problems) {
  const std::vector<std::string> known(kKeys.begin(), kKeys.end());
  for (const auto& [key, value] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    const std::optional<std::string> near = nearest(key.str(), known);
    problems.add(key.source().begin,
                 fmt::format("[project] has no key `{}`{}", printable(key.str()),
                             near ? fmt::format("; did you mean `{}`?", *near)
                                  : "; a table of a tool stands below [tool.NAME]"));
  }
}

}  // namespace

void read_project(const toml::table& table, std::string_view version, Project& project,
                  Problems& problems) {
  check_keys(table, problems);
  read_name(table, project, problems);
  read_version(table, version, project, problems);
  const auto with = [&](std::string_view key, auto read) {
    if (const toml::node* node = table.get(key)) read(*node);
  };
  using Node = const toml::node&;
  with("description", [&](Node node) { read_line(node, project, problems); });
  with("readme", [&](Node node) { read_readme(node, project, problems); });
  with("requires-python", [&](Node node) { read_python(node, project, problems); });
  with("license", [&](Node node) { read_license(node, project, problems); });
  with("license-files", [&](Node node) { read_license_files(node, project, problems); });
  with("authors", [&](Node node) { read_people(node, "authors", project.authors, problems); });
  with("maintainers",
       [&](Node node) { read_people(node, "maintainers", project.maintainers, problems); });
  with("keywords", [&](Node node) { read_words(node, "keywords", project.keywords, problems); });
  with("classifiers",
       [&](Node node) { read_words(node, "classifiers", project.classifiers, problems); });
  with("urls", [&](Node node) { read_urls(node, project, problems); });
  with("dependencies",
       [&](Node node) { project.dependencies = requirements_of(node, "dependencies", problems); });
  with("optional-dependencies", [&](Node node) { read_extras(node, project, problems); });
  with("scripts",
       [&](Node node) { read_scripts(node, "scripts", "console_scripts", project, problems); });
  with("gui-scripts",
       [&](Node node) { read_scripts(node, "gui-scripts", "gui_scripts", project, problems); });
  with("entry-points", [&](Node node) { read_entry_points(node, project, problems); });
  check_license(table, project, problems);
}

Result<Pyproject> read_pyproject(std::string_view text, const std::string& file,
                                 std::string_view version, Kind kind) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Problems problems(file);
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& problem) {
    problems.add(problem.source().begin, problem.description());
    return std::unexpected(problems.error());
  }
  Pyproject made;
  const toml::node* project = root.get("project");
  if (project == nullptr || !project->is_table()) {
    return fail(fmt::format(
        "{}: there is no [project], so only the build backend knows what to pack; write one with "
        "name and version (packaging.python.org tells how)",
        file));
  }
  read_project(*project->as_table(), version, made.project, problems);
  if (!problems.any() && kind != Kind::Editable) read_backend(root, kind, made.selection, problems);
  if (problems.any()) return std::unexpected(problems.error());
  return made;
}

}  // namespace devgraph::wheel
