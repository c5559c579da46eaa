#pragma once
/// Which folders of a workspace are projects, and what its `workspace` block says about looking.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/files.h"
#include "lang/ast.h"

namespace devgraph::lang {

inline constexpr std::string_view kManifestName = "build.devgraph";

/// The fields of `workspace { … }` that must be known before anything else.
struct WorkspaceSettings {
  std::vector<std::string> ignore;  ///< Globs on workspace-relative paths.
  std::string out = "out";          ///< The out root, workspace-relative.
};

/// The settings of a root manifest; faults (E226) go to `found`. `file` may have no block.
WorkspaceSettings workspace_settings(const ast::File& file, Diagnostics& found);

/// True if a glob on whole paths (`*` and `?` within a component, `**` for any number of folders)
/// matches. A pattern without `/` is not special: write `**/papers` for any depth.
bool glob_matches(std::string_view pattern, std::string_view path);

/// True for a folder that is never looked into: `.git`, `.devgraph`, the out root, what is ignored.
bool is_hidden_folder(const WorkspaceSettings& settings, std::string_view folder);

/// Whether git or devgraph itself keeps something there, so that no node may: `.git`, `.devgraph`,
/// the lock file, the pins.
bool is_kept_place(std::string_view path);

/// Folders that hold a manifest, relative to the workspace, sorted by bytes; the root is "".
/// Links to folders are not entered; folders that cannot be listed are passed over.
std::vector<std::string> discover_projects(Files& files, const std::string& workspace,
                                           const WorkspaceSettings& settings, unsigned jobs);

}  // namespace devgraph::lang
