#pragma once
/// Whether files came into or went out of folders of sources while a build runs: a command that has
/// such a folder sees all that is in it, but its key has only what was there before.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/files.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// The folders of sources that the command of a node sees as they are. Native actions and copies
/// have only the files that are in the key.
std::vector<TreeId> seen_trees(const Graph& graph, NodeId node);

/// Used by the coordinator's thread alone. What devgraph makes in such a folder does not count, at
/// whatever moment it lands.
class FolderWatch {
 public:
  FolderWatch(const Graph& graph, Files& files, std::string workspace)
      : graph_(graph), files_(files), workspace_(std::move(workspace)) {}

  /// Looks at the folders that these nodes, which may run, would see. `since`: the clock of the
  /// file system when their keys were begun.
  void begin(std::span<const NodeId> open, std::int64_t since);
  struct Change {
    std::string folder;
    bool differs = false;  ///< Has other names than at the beginning; else it had them meanwhile.
  };
  /// What happened in a tree since a run began at `started`, by the clock of the file system.
  std::optional<Change> changed(TreeId tree, std::int64_t started) const;

 private:
  struct Folder {
    FileStat stat;
    Digest names;
    bool late = false;  ///< It was written between the keys and our look.
  };
  void know_outputs(std::span<const NodeId> open);
  Folder look(const std::string& path) const;
  Digest names_in(const std::string& path) const;

  const Graph& graph_;
  Files& files_;
  const std::string workspace_;
  std::unordered_map<TreeId, std::vector<std::string>> trees_;  // The root and those of its files.
  std::unordered_map<std::string, Folder> folders_;
  std::unordered_set<std::string_view> outputs_;   // All paths that are made, with their folders.
  std::unordered_set<std::string_view> landings_;  // Folders in which this build may make some.
};

}  // namespace devgraph::exec
