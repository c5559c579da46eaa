/// What devgraph may overwrite and delete: only what it made.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/coordinator.h"
#include "engine/exec/identify.h"
#include "engine/store/tree.h"

namespace devgraph::exec {

/// A file that nobody made stands where a node wants to write: refused before anything runs.
Status Coordinator::check_ownership() {
  store::Record& record = survey_.record();
  // Where the state was lost, what lies below the out root is still ours.
  const bool lost = record.empty() || record.damaged();
  for (const NodeId node : frontier_->open()) {
    if ((graph_.node(node).flags & node_flags::kSeed) != 0) continue;
    for (std::size_t i = 0; i < graph_.outputs(node).size(); ++i) {
      const OutputId id = graph_.output_id(node, i);
      const Output& output = graph_.output(id);
      if (output.in_tree != 0) {
        if (Status done = check_way(node, graph_.str(output.path)); !done) return done;
      }
      if (!survey_.output(id).exists && !survey_.output_stat(id).exists()) continue;
      const std::string_view path = graph_.str(output.path);
      // Below the out root files are ours once and for all; among the sources only while the node
      // is there that makes them.
      if (options_.adopt || record.owns(path)) continue;
      if (output.in_tree == 0 && record.has_owned(path)) continue;
      if (lost && is_within(path, graph_.out_root())) continue;
      return fail(
          fmt::format("{} would overwrite `{}`, which devgraph did not make; move it away, "
                      "or build with --adopt to give it up",
                      label_of(graph_, node), printable(path)));
    }
  }
  return {};
}

/// The folders above an output that lies among the sources must be folders: through a link, what is
/// made would land elsewhere, perhaps outside of the workspace.
Status Coordinator::check_way(NodeId node, std::string_view path) {
  for (std::string_view folder = parent_path(path); !folder.empty(); folder = parent_path(folder)) {
    const Result<FileStat> stat = files_.lstat(workspace_path(folder));
    if (!stat || stat->kind != FileKind::Symlink) continue;
    return fail(fmt::format("{} cannot make `{}`: `{}` is a link", label_of(graph_, node),
                            printable(path), printable(folder)));
  }
  return {};
}

/// So that a crash between landing and recording leaves no file that looks like the user's.
void Coordinator::claim(NodeId node) {
  if ((graph_.node(node).flags & node_flags::kSeed) != 0) return;
  const std::optional<store::Made> last = survey_.record().last(survey_.label_digest(node));
  std::vector<std::string_view> paths;
  for (const Output& output : graph_.outputs(node))
    paths.push_back(graph_.str(output.path));
  if (last && last->output_count() == paths.size()) {
    bool known = true;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      known = known && last->output(i).path == paths[i];
    }
    if (known) return;
  }
  if (!paths.empty()) survey_.record().add_owns(label_of(graph_, node), paths);
}

/// The file of a seed appeared since the survey: it is the user's.
bool Coordinator::stands_there(NodeId node) {
  for (const Output& output : graph_.outputs(node)) {
    const Result<FileStat> stat = files_.lstat(workspace_path(graph_.str(output.path)));
    if (!stat || stat->exists()) return true;
  }
  return false;
}

/// The run came to nothing: what appears at its paths from now on is not ours. What stands there
/// already is; another node made it.
void Coordinator::unclaim(NodeId node) {
  const Digest& label = survey_.label_digest(node);
  if (survey_.record().last(label)) return;
  for (const Output& output : graph_.outputs(node)) {
    const Result<FileStat> stat = files_.lstat(workspace_path(graph_.str(output.path)));
    if (!stat || stat->exists()) return;
  }
  survey_.record().add_gone(label);
}

const std::unordered_map<std::string_view, OutputId>& Coordinator::output_paths() {
  if (output_paths_.empty()) {
    for (std::uint32_t i = 0; i < graph_.output_count(); ++i) {
      output_paths_.emplace(graph_.str(graph_.output(OutputId{i}).path), OutputId{i});
    }
  }
  return output_paths_;
}

/// Whether the graph has it as a source: somebody keeps what was once generated.
bool Coordinator::is_source(const std::string& path) {
  if (sources_.empty()) {
    for (std::uint32_t i = 0; i < graph_.file_count(); ++i)
      sources_.insert(graph_.str(graph_.file(FileId{i}).path));
  }
  return sources_.contains(path);
}

/// Deletes one output that no node makes any more, unless somebody changed it since.
void Coordinator::remove_if_unchanged(const store::MadeOutput& made) {
  if (is_source(std::string(made.path))) return;
  const std::string path = workspace_path(made.path);
  store::Look look = survey_.look();
  look.follow = false;
  bool same = false;
  if (made.kind == store::MadeKind::Tree) {
    const Result<std::optional<Digest>> now =
        store::digest_tree(files_, survey_.index(), look, made.path);
    same = now && *now == made.content;
  } else {
    const std::vector<store::FileFact> fact =
        store::look_at(files_, survey_.index(), look, {&made.path, 1});
    const bool link = fact[0].stat.kind == FileKind::Symlink;
    same = fact[0].error.empty() && fact[0].content == made.content &&
           link == (made.kind == store::MadeKind::Link);
  }
  if (!same) return;
  // What cannot be deleted stays, as if it had been changed: nothing depends on it.
  if (!files_.remove_all(path)) return;
  for (std::string_view folder = parent_path(made.path);
       folder.size() > graph_.out_root().size() && is_within(folder, graph_.out_root());
       folder = parent_path(folder)) {
    const std::string full = workspace_path(folder);
    const Result<std::vector<FolderEntry>> left = files_.list(full);
    if (!left || !left->empty() || !files_.remove_all(full)) return;
    made_folders_.clear();
  }
}

/// Whether its folder still has a manifest.
bool Coordinator::is_project(std::string_view project) {
  const Result<FileStat> stat = files_.lstat(join_path(workspace_path(project), "build.devgraph"));
  return !stat || stat->exists();
}

/// Outputs of nodes that left the graph: of projects that are in it, or that are no more.
Status Coordinator::remove_orphans() {
  store::Record& record = survey_.record();
  std::size_t known = 0;
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i) {
    if (record.last(survey_.label_digest(NodeId{i}))) ++known;
  }
  if (record.last_count() == known) return {};

  const std::set<std::string_view> undecided = undecided_projects(graph_);
  std::vector<Digest> sorted;
  sorted.reserve(graph_.node_count());
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i)
    sorted.push_back(survey_.label_digest(NodeId{i}));
  std::sort(sorted.begin(), sorted.end());
  std::vector<Digest> gone;
  for (const store::Made& made : record.all_last()) {
    if (std::binary_search(sorted.begin(), sorted.end(), made.label_digest())) continue;
    const std::string_view project = project_of(made.label());
    if (undecided.contains(project)) continue;
    const std::span<const StrId> projects = graph_.projects();
    const bool ours = std::any_of(projects.begin(), projects.end(),
                                  [&](StrId id) { return graph_.str(id) == project; });
    if (!ours && is_project(project)) continue;
    for (const store::MadeOutput& output : made.outputs()) {
      if (!output_paths().contains(output.path)) remove_if_unchanged(output);
    }
    gone.push_back(made.label_digest());
  }
  for (const Digest& label : gone)
    record.add_gone(label);
  return record.flush();
}

/// A node that makes other paths than last time leaves none of the old ones behind.
Status Coordinator::drop_old_paths(const store::Made& old, const std::vector<LandedItem>& items) {
  for (const store::MadeOutput& output : old.outputs()) {
    const bool kept = std::any_of(items.begin(), items.end(), [&](const LandedItem& item) {
      return item.made.path == output.path;
    });
    if (!kept && !output_paths().contains(output.path)) remove_if_unchanged(output);
  }
  return {};
}

}  // namespace devgraph::exec
