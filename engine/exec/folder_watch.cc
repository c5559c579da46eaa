#include "engine/exec/folder_watch.h"

#include <algorithm>

#include "engine/base/path.h"

namespace devgraph::exec {
namespace {

/// The root of a tree and the folders of its files, sorted.
std::vector<std::string> folders_of(const Graph& graph, TreeId tree) {
  const std::string_view root = graph.str(graph.tree(tree).path);
  std::vector<std::string> all{std::string(root)};
  for (const FileId file : graph.tree_files(tree)) {
    std::string_view folder = parent_path(graph.str(graph.file(file).path));
    // Files are sorted, so those of a folder follow each other.
    for (; folder.size() > root.size() && folder != all.back(); folder = parent_path(folder))
      all.emplace_back(folder);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// The path and all folders above it.
void add_way(std::string_view path, std::unordered_set<std::string_view>& out) {
  while (out.insert(path).second && !path.empty())
    path = parent_path(path);
}

}  // namespace

std::vector<TreeId> seen_trees(const Graph& graph, NodeId node) {
  const ActionKind kind = graph.node(node).kind;
  if (kind != ActionKind::Script && kind != ActionKind::Exec) return {};
  if (graph.traits_of(node).cwd == Cwd::Inputs) return {};
  std::vector<TreeId> trees;
  for (const InputId input : graph.inputs(node)) {
    const Input& row = graph.input(input);
    if (row.kind == InputKind::SourceTree) trees.push_back(TreeId{row.ref});
  }
  return trees;
}

void FolderWatch::begin(std::span<const NodeId> open, std::int64_t since) {
  for (const NodeId node : open) {
    for (const TreeId tree : seen_trees(graph_, node)) {
      if (!trees_.contains(tree)) trees_.emplace(tree, folders_of(graph_, tree));
    }
  }
  if (trees_.empty()) return;
  know_outputs(open);
  for (const auto& [tree, paths] : trees_) {
    for (const std::string& path : paths) {
      if (folders_.contains(path)) continue;
      Folder folder = look(path);
      folder.names = names_in(path);
      folder.late = folder.stat.mtime_ns > since;
      folders_.emplace(path, folder);
    }
  }
}

void FolderWatch::know_outputs(std::span<const NodeId> open) {
  // Others lie below the out root.
  add_way(graph_.out_root(), outputs_);
  for (std::uint32_t i = 0; i < graph_.output_count(); ++i) {
    const Output& output = graph_.output(OutputId{i});
    if (output.in_tree != 0) add_way(graph_.str(output.path), outputs_);
  }
  add_way(parent_path(graph_.out_root()), landings_);
  for (const NodeId node : open) {
    for (const Output& output : graph_.outputs(node)) {
      if (output.in_tree != 0) add_way(parent_path(graph_.str(output.path)), landings_);
    }
  }
}

/// Sizes and modes do not matter: only whether its list of names was written.
FolderWatch::Folder FolderWatch::look(const std::string& path) const {
  const Result<FileStat> stat = files_.stat(join_path(workspace_, path));
  Folder out;
  if (!stat) return out;
  out.stat.kind = stat->kind;
  out.stat.device = stat->device;
  out.stat.inode = stat->inode;
  out.stat.mtime_ns = stat->mtime_ns;
  return out;
}

/// Without what devgraph makes.
Digest FolderWatch::names_in(const std::string& path) const {
  const Result<std::vector<FolderEntry>> entries = files_.list(join_path(workspace_, path));
  Hasher hasher;
  if (!entries) return {};
  for (const FolderEntry& entry : *entries) {
    if (entry.name.starts_with(".devgraph") || outputs_.contains(join_path(path, entry.name)))
      continue;
    hasher.field(entry.name);
  }
  return hasher.finish();
}

std::optional<FolderWatch::Change> FolderWatch::changed(TreeId tree, std::int64_t started) const {
  std::optional<Change> out;
  const auto paths = trees_.find(tree);
  if (paths == trees_.end()) return out;
  for (const std::string& path : paths->second) {
    const Folder& before = folders_.at(path);
    const Folder now = look(path);
    if (now.stat == before.stat && !before.late) continue;
    if (before.late || names_in(path) != before.names) return Change{path, true};
    // It has the names that it had. Did others come and go during this run, or did we make
    // something there?
    const bool meanwhile = now.stat.mtime_ns >= started && !landings_.contains(path);
    if (meanwhile && !out) out = Change{path, false};
  }
  return out;
}

}  // namespace devgraph::exec
