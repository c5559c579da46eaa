#pragma once
/// The files of a Python project, as they lie around its pyproject.toml, and which of them make the
/// package.

#include <map>
#include <string>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/wheel/metadata.h"
#include "engine/actions/wheel/project.h"

namespace devgraph::wheel {

struct SourceFile {
  std::string absolute;
  std::string origin;  ///< For messages.
};
/// By path in the project.
using SourceFiles = std::map<std::string, SourceFile>;

struct Sources {
  std::string manifest;  ///< pyproject.toml as messages name it.
  SourceFiles files;     ///< Without bytecode and what editors leave.
};

/// Of `src`: those beside and below the topmost pyproject.toml. A built file lies at its declared
/// name.
Result<Sources> collect_sources(const actions::Context& context);

/// A file, and where an interpreter finds it: `acme/cli.py`.
struct Packed {
  std::string path;
  SourceFile file;
};
/// The files of the packages, sorted by path. `chosen` names packages or modules; where there are
/// none, the one that has the project's name, or the only one, is taken.
Result<std::vector<Packed>> package_files(const SourceFiles& files, const Project& project,
                                          const std::vector<Located>& chosen);

/// Fails where setup.py or setup.cfg would take part in the build.
Status check_setup_files(const actions::Context& context, const SourceFiles& files);

/// Readme and licences.
Result<Texts> read_texts(const actions::Context& context, const SourceFiles& files,
                         const Project& project);
/// `LICEN[CS]E*` as globs without brackets.
std::vector<std::string> without_brackets(std::string_view glob);

}  // namespace devgraph::wheel
