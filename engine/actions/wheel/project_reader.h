#pragma once
/// The parts of reading a pyproject.toml; for .cc files of this folder only.

#include "engine/actions/wheel/project.h"
#include "engine/actions/wheel/toml_reader.h"

namespace devgraph::wheel {

/// `[project]`. `version`: of the node, or empty. project.cc
void read_project(const toml::table& table, std::string_view version, Project& project,
                  Problems& problems);
/// `readme`, `license`, `license-files`. project_texts.cc
void read_readme(const toml::node& node, Project& project, Problems& problems);
void read_license(const toml::node& node, Project& project, Problems& problems);
void read_license_files(const toml::node& node, Project& project, Problems& problems);
/// Scripts and other entry points. project_texts.cc
void read_scripts(const toml::node& node, std::string_view key, const std::string& group,
                  Project& project, Problems& problems);
void read_entry_points(const toml::node& node, Project& project, Problems& problems);

/// Why the file cannot be packed without its backend becomes a problem. backend.cc
void read_backend(const toml::table& root, Kind kind, Selection& selection, Problems& problems);

}  // namespace devgraph::wheel
