#pragma once
/// Manifests to a Graph: the only door of the language.

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/files.h"
#include "engine/base/source.h"
#include "engine/graph/graph.h"

namespace devgraph::lang {

/// How late axes are looked at.
struct LateOptions {
  bool forget = false;  ///< As if no node had run yet that one is decoded from.
  /// Outputs that are as their nodes make them: one that gives no values is an error (E515).
  std::set<std::string> made;
};

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
  LateOptions late;
};

/// All stages: parse, resolve, check, evaluate, lower. None if `found` has errors.
/// Warnings (lints) may stand in `found` beside a graph.
std::optional<Graph> load(Sources& sources, Files& files, const LoadOptions& options,
                          Diagnostics& found);

/// The first recorded read whose digest differs now, in words (`./a/**: a file was added`); none if
/// the graph still holds. Parses no manifest.
std::optional<std::string> changed_read(const Graph& graph, Files& files,
                                        const LoadOptions& options);

/// Who owns files, and who asks. A test says so itself; the rest of the world asks the system.
struct Owner {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
};
struct Owners {
  std::uint32_t me = 0;
  /// None where there is nothing. `follow`: what a link leads to, not the link.
  std::function<std::optional<Owner>(const std::string& path, bool follow)> of;
  std::function<std::string(std::uint32_t user)> name;  ///< Empty for one that has none.
};
Owners system_owners();

/// The outermost folder at or above `start` that holds a manifest with a `devgraph N` line, and the
/// innermost project at or above `start`.
///
/// A manifest says which commands run, so only those are read that the user or root could write:
/// the search ends at a folder of anyone else, and in a folder of root's, such as /tmp, at a
/// manifest of anyone else. Nothing switches this off. In particular root does not trust the user
/// that SUDO_UID names, as git does: git then reads, while a build as root leaves a state and
/// outputs that are root's, and the user's own next build could not write them.
struct Workspace {
  std::string root;     ///< Absolute.
  std::string project;  ///< Relative to root.
};
struct NoWorkspace {
  std::string message;
  std::vector<std::string> helps;
};
std::expected<Workspace, NoWorkspace> find_workspace(Files& files, const std::string& start,
                                                     const Owners& owners = system_owners());

}  // namespace devgraph::lang
