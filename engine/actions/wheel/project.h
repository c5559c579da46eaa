#pragma once
/// What `[project]` of a pyproject.toml says (PEP 621 and 639), checked.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/actions/wheel/requirement.h"
#include "engine/actions/wheel/specifier.h"
#include "engine/base/result.h"

namespace devgraph::wheel {

/// A text of the file and where it stands, `pyproject.toml:7:10`.
struct Located {
  std::string text;
  std::string place;
};

struct Person {
  std::string name;
  std::string email;
};

using Names = std::map<std::string, std::string>;  ///< Name = object reference, or label = URL.

struct Project {
  std::string name;         ///< As written.
  std::string normal_name;  ///< PEP 503.
  std::string version;      ///< Canonical.
  std::string summary;
  std::optional<Located> readme_file;
  std::string readme_text;  ///< In place of the file.
  std::string readme_type;
  std::vector<Clause> requires_python;
  std::string license_expression;  ///< Canonical SPDX.
  std::string license_text;        ///< Of the table of PEP 621.
  std::optional<Located> license_file;
  std::optional<std::vector<Located>> license_globs;
  std::vector<Person> authors;
  std::vector<Person> maintainers;
  std::vector<std::string> keywords;
  std::vector<std::string> classifiers;
  std::vector<std::pair<std::string, std::string>> urls;
  std::vector<Requirement> dependencies;
  std::vector<std::pair<std::string, std::vector<Requirement>>> extras;  ///< By normal name.
  std::map<std::string, Names> entry_points;  ///< Scripts are in console_scripts, gui_scripts.
};

/// What to pack, where a tool's table says so in a way that is understood.
struct Selection {
  std::vector<Located> packages;  ///< Paths of packages or modules; none: they are looked for.
};

struct Pyproject {
  Project project;
  Selection selection;
};

/// Editable: nothing is packed, so what its backend would do does not matter.
enum class Kind : std::uint8_t { Wheel, Sdist, Editable };

/// `file` names the text in messages. `version`: of the node; empty if it says none.
/// Fails with file, line, column and a cure where the text is wrong, and where the project needs
/// its build backend; with a line for each fault.
Result<Pyproject> read_pyproject(std::string_view text, const std::string& file,
                                 std::string_view version, Kind kind);

}  // namespace devgraph::wheel
