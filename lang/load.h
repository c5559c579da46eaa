#pragma once
/// Manifests to a Graph: the only door of the language.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/files.h"
#include "engine/base/source.h"
#include "engine/graph/graph.h"

namespace devgraph::lang {

struct LoadOptions {
  std::string workspace;  ///< Absolute folder of the workspace.
  std::string project;    ///< Folder of the current project, relative to the workspace.
  std::vector<std::string>
      projects;  ///< Folders to evaluate; `...` at the end of one: and all below. Projects that
                 ///< these reach by labels are evaluated too. Empty: `project` and all below.
  /// `-D name=value` and `-D //sub:name=value`, in order; texts, parsed by the declared type.
  std::vector<std::pair<std::string, std::string>> defines;
  std::vector<std::string> param_files;            ///< `-P`; relative to the process's folder.
  std::map<std::string, std::string> environment;  ///< What `env()` sees, PATH for `tool()`.
  unsigned jobs = 2;                               ///< Threads for parsing and evaluating.
};

/// All stages: parse, resolve, check, evaluate, lower. None if `found` has errors.
/// Warnings (lints) may stand in `found` beside a graph.
std::optional<Graph> load(Sources& sources, Files& files, const LoadOptions& options,
                          Diagnostics& found);

/// The first recorded read whose digest differs now, in words (`./a/**: a file was added`); none if
/// the graph still holds. Parses no manifest.
std::optional<std::string> changed_read(const Graph& graph, Files& files,
                                        const LoadOptions& options);

/// The outermost folder at or above `start` that holds a manifest with a `devgraph N` line, and the
/// innermost project at or above `start`. Never looks above a folder owned by another user.
struct Workspace {
  std::string root;     ///< Absolute.
  std::string project;  ///< Relative to root.
};
Result<Workspace> find_workspace(Files& files, const std::string& start);

}  // namespace devgraph::lang
