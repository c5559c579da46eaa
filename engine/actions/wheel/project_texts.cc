/// The readme, the licence and the entry points of `[project]`.

#include <array>

#include "engine/actions/wheel/project_reader.h"
#include "engine/actions/wheel/spdx.h"
#include "engine/base/path.h"

namespace devgraph::wheel {

namespace {

/// Problems for keys of a table beside those that it may have.
void only_keys(const toml::table& table, std::string_view what,
               std::initializer_list<std::string_view> known, Problems& problems) {
  for (const auto& [key, value] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    problems.add(key.source().begin, fmt::format("{} has no key `{}`; it takes {}", what,
                                                 printable(key.str()), fmt::join(known, ", ")));
  }
}

/// A path in the project, in canonical spelling.
std::optional<Located> path_of(const toml::node& node, std::string_view what, Problems& problems) {
  const std::optional<std::string> text = text_of(node, what, problems);
  if (!text) return std::nullopt;
  const std::optional<std::string> clean = canonical(*text);
  if (!clean || clean->empty() || text->starts_with('/') || text->find('\\') != std::string::npos) {
    problems.add(node, fmt::format("`{}` is no path in the project", printable(*text)));
    return std::nullopt;
  }
  return Located{*clean, problems.place(node)};
}

std::string type_by_name(std::string_view path) {
  std::string lower(path);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower.ends_with(".md")) return "text/markdown";
  if (lower.ends_with(".rst")) return "text/x-rst";
  if (lower.ends_with(".txt")) return "text/plain";
  return {};
}

void set_type(const toml::node& node, Project& project, Problems& problems) {
  const std::optional<std::string> type = text_of(node, "content-type", problems);
  if (!type) return;
  const std::string_view plain = trim(std::string_view(*type).substr(0, type->find(';')));
  constexpr std::array<std::string_view, 3> kTypes = {"text/markdown", "text/x-rst", "text/plain"};
  if (std::find(kTypes.begin(), kTypes.end(), plain) == kTypes.end()) {
    problems.add(node, fmt::format("`{}` cannot be shown by an index; write text/markdown, "
                                   "text/x-rst or text/plain",
                                   printable(*type)));
  }
  project.readme_type = *type;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    // Bytes of UTF-8 too: identifiers may hold any letters.
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

bool is_dotted(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(),
                     [](std::string_view part) { return is_word(trim(part)); });
}

/// `pkg.module:object`, with extras in brackets behind it, or, where it is no script, a module.
bool is_reference(std::string_view text, bool needs_object) {
  text = trim(text);
  if (text.ends_with(']')) text = trim(text.substr(0, text.find('[')));
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return !needs_object && is_dotted(text);
  return is_dotted(trim(text.substr(0, colon))) && is_dotted(trim(text.substr(colon + 1)));
}

bool is_entry_name(std::string_view name, bool is_script) {
  const auto is_allowed = [&](char c) {
    if (!is_script) return c != '=' && c != '\n' && c != '\r';
    return is_word(std::string_view(&c, 1)) || c == '-' || c == '.';
  };
  return !name.empty() && name[0] != '[' && trim(name).size() == name.size() &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

}  // namespace

void read_readme(const toml::node& node, Project& project, Problems& problems) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    project.readme_file = path_of(node, "readme", problems);
    if (!project.readme_file) return;
    project.readme_type = type_by_name(project.readme_file->text);
    if (project.readme_type.empty()) {
      problems.add(node,
                   "the type of the readme is not known by its name; write readme = { file = "
                   "\"…\", content-type = \"text/markdown\" }");
    }
    return;
  }
  only_keys(*table, "readme", {"file", "text", "content-type"}, problems);
  const toml::node* file = table->get("file");
  const toml::node* text = table->get("text");
  const toml::node* type = table->get("content-type");
  if ((file != nullptr) == (text != nullptr))
    return problems.add(node, "readme has either a `file` or a `text`");
  if (file != nullptr) project.readme_file = path_of(*file, "file", problems);
  if (text != nullptr) project.readme_text = text_of(*text, "text", problems).value_or("");
  if (type != nullptr) return set_type(*type, project, problems);
  problems.add(node, "readme needs its content-type; write content-type = \"text/markdown\"");
}

void read_license(const toml::node& node, Project& project, Problems& problems) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    const std::optional<std::string> text = text_of(node, "license", problems);
    if (!text) return;
    Result<std::string> expression = canonical_license(*text);
    if (!expression) return problems.add(node, expression.error().message);
    project.license_expression = std::move(*expression);
    return;
  }
  only_keys(*table, "license", {"file", "text"}, problems);
  const toml::node* file = table->get("file");
  const toml::node* text = table->get("text");
  if ((file != nullptr) == (text != nullptr)) {
    return problems.add(node,
                        "license has either a `file` or a `text`; best is the name of the "
                        "licence alone: license = \"MIT\"");
  }
  if (file != nullptr) project.license_file = path_of(*file, "file", problems);
  if (text != nullptr) project.license_text = text_of(*text, "text", problems).value_or("");
}

void read_license_files(const toml::node& node, Project& project, Problems& problems) {
  const toml::array* list = list_of(node, "license-files", problems);
  if (list == nullptr) return;
  project.license_globs.emplace();
  for (const toml::node& item : *list) {
    std::optional<Located> glob = path_of(item, "an element of license-files", problems);
    if (glob) project.license_globs->push_back(std::move(*glob));
  }
}

void read_scripts(const toml::node& node, std::string_view key, const std::string& group,
                  Project& project, Problems& problems) {
  const toml::table* table = table_of(node, key, problems);
  if (table == nullptr) return;
  const bool is_script = group == "console_scripts" || group == "gui_scripts";
  for (const auto& [name, value] : *table) {
    const std::optional<std::string> target = text_of(value, "an entry point", problems);
    if (!target) continue;
    if (!is_entry_name(name.str(), is_script)) {
      problems.add(name.source().begin,
                   fmt::format("`{}` cannot be the name of {}", printable(name.str()),
                               is_script ? "a program; use letters, digits, `-`, `_` and `.`"
                                         : "an entry point"));
    }
    if (!is_reference(*target, is_script)) {
      problems.add(value, fmt::format("`{}` names no object; write \"package.module:function\"",
                                      printable(*target)));
    }
    project.entry_points[group][std::string(name.str())] = std::string(trim(*target));
  }
}

void read_entry_points(const toml::node& node, Project& project, Problems& problems) {
  const toml::table* table = table_of(node, "entry-points", problems);
  if (table == nullptr) return;
  for (const auto& [group, value] : *table) {
    const std::string name(group.str());
    if (name == "console_scripts" || name == "gui_scripts") {
      problems.add(group.source().begin,
                   fmt::format("programs stand in [project.{}]",
                               name == "console_scripts" ? "scripts" : "gui-scripts"));
      continue;
    }
    if (!is_dotted(name)) {
      problems.add(group.source().begin, fmt::format("`{}` is no group of entry points; a group is "
                                                     "words with dots between them",
                                                     printable(name)));
      continue;
    }
    read_scripts(value, "a group of entry points", name, project, problems);
  }
}

}  // namespace devgraph::wheel
