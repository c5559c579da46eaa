#pragma once
/// What an incremental node read when it made its last result, so that a command can be told what
/// is different now. docs/reference/running.md, "Incremental nodes".

#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/survey.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// One file that a node reads.
struct InputFile {
  std::string name;  ///< `./data/a.csv`, `//:split/part-aa`; without tabs and newlines.
  Digest content;
  std::string path;  ///< Absolute. Empty in a list that was read from disk.
};

/// What a node reads: each file of its folders, sorted by name.
struct InputFiles {
  /// Of all else that is in its key: where that is another one, nothing of the last result counts.
  Digest base;
  std::vector<InputFile> files;
};

/// As it is now; `missing` (sorted) are left out. Errors: a name with a tab or a newline in it, a
/// folder that cannot be read.
Result<InputFiles> input_files(Survey& survey, NodeId node, std::span<const InputId> missing,
                               const std::string& workspace);

/// Of the last result, which had this key; none if that is not known.
std::optional<InputFiles> last_input_files(Files& files, const std::string& path,
                                           const Digest& key);
Status save_input_files(Files& files, const std::string& path, const Digest& key,
                        const InputFiles& now);

/// `added`, `changed` or `removed`, a tab, the name, and behind another tab the path; a line each.
/// Without `before` all are added.
std::string list_changes(const InputFiles* before, const InputFiles& now);

}  // namespace devgraph::exec
