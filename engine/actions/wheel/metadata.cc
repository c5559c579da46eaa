#include "engine/actions/wheel/metadata.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

/// `Name: value`; further lines of a value are indented, as mail has it.
void field(std::string& text, std::string_view name, std::string_view value) {
  text += fmt::format("{}: ", name);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\r') continue;
    text += value[i];
    if (value[i] == '\n') text += "        ";
  }
  text += '\n';
}

/// The name before an address; in quotes where mail wants them.
std::string with_address(const Person& person) {
  if (person.name.empty()) return person.email;
  const bool is_plain = person.name.find_first_of("()<>[]:;@\\,.\"") == std::string::npos;
  if (is_plain) return fmt::format("{} <{}>", person.name, person.email);
  std::string quoted;
  for (const char c : person.name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format("\"{}\" <{}>", quoted, person.email);
}

void people(std::string& text, std::string_view role, const std::vector<Person>& all) {
  std::vector<std::string> names;
  std::vector<std::string> addresses;
  for (const Person& person : all) {
    if (person.email.empty()) {
      names.push_back(person.name);
    } else {
      addresses.push_back(with_address(person));
    }
  }
  if (!names.empty()) field(text, role, fmt::format("{}", fmt::join(names, ", ")));
  if (!addresses.empty())
    field(text, fmt::format("{}-email", role), fmt::format("{}", fmt::join(addresses, ", ")));
}

void licenses(std::string& text, const Project& project, const Texts& texts, bool is_new) {
  if (!project.license_expression.empty())
    field(text, is_new ? "License-Expression" : "License", project.license_expression);
  const std::string_view legacy =
      trim(project.license_text.empty() ? std::string_view(texts.license)
                                        : std::string_view(project.license_text));
  if (!legacy.empty()) field(text, "License", legacy);
  if (!is_new) return;
  for (const std::string& file : texts.license_files)
    field(text, "License-File", file);
}

void requirements(std::string& text, const Project& project) {
  for (const Requirement& one : project.dependencies)
    field(text, "Requires-Dist", show(one));
  for (const auto& [extra, list] : project.extras) {
    field(text, "Provides-Extra", extra);
    for (const Requirement& one : list)
      field(text, "Requires-Dist", show(one, extra));
  }
}

}  // namespace

std::string_view metadata_version(const Project& project, std::string_view least) {
  const bool needs_new = !project.license_expression.empty() || project.license_globs;
  return needs_new ? "2.4" : least;
}

std::string metadata_text(const Project& project, const Texts& texts, std::string_view version) {
  std::string text;
  field(text, "Metadata-Version", version);
  field(text, "Name", project.name);
  field(text, "Version", project.version);
  if (!project.summary.empty()) field(text, "Summary", project.summary);
  if (!project.keywords.empty())
    field(text, "Keywords", fmt::format("{}", fmt::join(project.keywords, ",")));
  people(text, "Author", project.authors);
  people(text, "Maintainer", project.maintainers);
  licenses(text, project, texts, version >= "2.4");
  for (const std::string& one : project.classifiers)
    field(text, "Classifier", one);
  for (const auto& [label, url] : project.urls)
    field(text, "Project-URL", fmt::format("{}, {}", label, url));
  if (!project.requires_python.empty())
    field(text, "Requires-Python", show(project.requires_python));
  requirements(text, project);
  const std::string& description =
      project.readme_text.empty() ? texts.description : project.readme_text;
  if (description.empty()) return text;
  field(text, "Description-Content-Type", project.readme_type);
  text += '\n';
  for (std::size_t i = 0; i < description.size(); ++i) {
    // The end of a line is one byte, whatever the editor wrote.
    if (description[i] == '\r' && description.substr(i, 2) == "\r\n") continue;
    text += description[i];
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

std::string wheel_text(std::string_view tag) {
  const bool is_pure = tag.ends_with("-any");
  std::string text = fmt::format("Wheel-Version: 1.0\nGenerator: devgraph\nRoot-Is-Purelib: {}\n",
                                 is_pure ? "true" : "false");
  const std::vector<std::string_view> parts = split(tag, '-');
  for (const std::string_view python : split(parts[0], '.')) {
    for (const std::string_view abi : split(parts[1], '.')) {
      for (const std::string_view platform : split(parts[2], '.'))
        text += fmt::format("Tag: {}-{}-{}\n", python, abi, platform);
    }
  }
  return text;
}

std::string entry_points_text(const Project& project) {
  std::string text;
  for (const auto& [group, names] : project.entry_points) {
    if (names.empty()) continue;
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", group);
    for (const auto& [name, target] : names)
      text += fmt::format("{} = {}\n", name, target);
  }
  return text;
}

}  // namespace devgraph::wheel
