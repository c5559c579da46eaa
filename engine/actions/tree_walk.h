#pragma once
/// What a tree input holds now.

#include <string>
#include <vector>

#include "engine/actions/action.h"

namespace devgraph::actions {

struct TreeEntry {
  std::string path;      ///< In the tree.
  std::string absolute;  ///< Where its content is.
  FileKind kind = FileKind::Regular;
};

/// Sorted by bytes. A source tree holds the files that the graph listed (links are followed), a
/// built one what is there: files, links as links, and folders.
Result<std::vector<TreeEntry>> tree_entries(const Context& context, InputId tree);

/// Whether the input is a folder.
bool is_tree(const Context& context, InputId input);

}  // namespace devgraph::actions
