#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/state_lock.h"
#include "engine/store/record.h"
#include "engine/store/stat_index.h"
#include "engine/store/tree.h"

namespace devgraph::cli {
namespace {

using store::MadeKind;
using store::MadeOutput;

/// What one run of `clean` works with.
struct Cleaner {
  Context& context;
  std::string root;  ///< Absolute.
  store::Record record;
  store::StatIndex index;
  std::size_t removed = 0;
  std::size_t kept = 0;
};

/// The project of a label in full form.
std::string_view project_of(std::string_view label) {
  constexpr std::size_t kSlashes = 2;
  const std::size_t colon = label.find(':');
  if (label.size() < kSlashes || colon == std::string_view::npos) return {};
  return label.substr(kSlashes, colon - kSlashes);
}

/// True if the output is as it was made: nothing of the user's would be lost with it.
Result<bool> is_unchanged(Cleaner& cleaner, const MadeOutput& output) {
  Files& files = cleaner.context.files;
  const std::string path = join_path(cleaner.root, output.path);
  const Result<FileStat> stat = files.lstat(path);
  if (!stat) return std::unexpected(stat.error());
  switch (output.kind) {
    case MadeKind::File: {
      if (stat->kind != FileKind::Regular || stat->executable != output.executable) return false;
      const Result<FileHash> hash = files.hash(path, false);
      if (!hash) return std::unexpected(hash.error());
      return hash->xxh == output.content;
    }
    case MadeKind::Link: {
      if (stat->kind != FileKind::Symlink) return false;
      const Result<std::string> target = files.read_link(path);
      if (!target) return std::unexpected(target.error());
      return digest_of(*target) == output.content;
    }
    case MadeKind::Tree: {
      if (stat->kind != FileKind::Folder) return false;
      store::Look look{.workspace = cleaner.root, .now = 0, .paranoid = true};
      const Result<std::optional<Digest>> digest =
          store::digest_tree(files, cleaner.index, look, output.path);
      if (!digest) return std::unexpected(digest.error());
      return *digest == output.content;
    }
  }
  return false;
}

/// Folders that only held what was removed go too, up to the workspace.
void remove_empty_parents(Cleaner& cleaner, std::string_view path) {
  for (std::string_view folder = parent_path(path); !folder.empty(); folder = parent_path(folder)) {
    const std::string full = join_path(cleaner.root, folder);
    const Result<std::vector<FolderEntry>> entries = cleaner.context.files.list(full);
    if (!entries || !entries->empty()) return;
    if (!cleaner.context.files.remove_all(full)) return;
  }
}

void keep(Cleaner& cleaner, std::string_view path, std::string_view why) {
  ++cleaner.kept;
  cleaner.context.console.talk(fmt::format("kept {}: {}\n", printable(path), why));
}

void clean_output(Cleaner& cleaner, const MadeOutput& output) {
  Context& context = cleaner.context;
  const std::string path = join_path(cleaner.root, output.path);
  const Result<FileStat> stat = context.files.lstat(path);
  if (stat && !stat->exists()) {
    if (!context.options.dry_run) remove_empty_parents(cleaner, output.path);
    return;
  }
  const Result<bool> unchanged = is_unchanged(cleaner, output);
  if (!unchanged) return keep(cleaner, output.path, printable(unchanged.error().message));
  if (!*unchanged) return keep(cleaner, output.path, "it was changed since it was made");
  if (!context.options.dry_run) {
    const Status gone =
        output.kind == MadeKind::Tree ? context.files.remove_all(path) : context.files.remove(path);
    if (!gone) return keep(cleaner, output.path, printable(gone.error().message));
    remove_empty_parents(cleaner, output.path);
  }
  ++cleaner.removed;
  if (context.options.dry_run || context.console.verbose) {
    context.console.data(printable(output.path) + "\n");
  }
}

/// Their outputs are in no record and no cache: what is removed, `build` must be able to bring
/// back.
void keep_receipts(Cleaner& cleaner, const Graph& graph, std::span<const NodeId> nodes) {
  for (const NodeId id : nodes) {
    if ((graph.node(id).flags & node_flags::kEffect) == 0) continue;
    for (const Output& output : graph.outputs(id)) {
      const std::string_view path = graph.str(output.path);
      const Result<FileStat> stat = cleaner.context.files.lstat(join_path(cleaner.root, path));
      if (stat && stat->exists())
        keep(cleaner, path, "a release left it, and no build makes it again");
    }
  }
}

/// The digests of the labels to clean; none: the fault is in `context.found`.
std::optional<std::vector<Digest>> chosen_labels(Cleaner& cleaner,
                                                 const lang::Workspace& workspace) {
  Context& context = cleaner.context;
  const store::Record& record = cleaner.record;
  std::vector<Digest> chosen;
  if (context.options.words.empty()) {
    // By the record alone: it also knows nodes that left the graph.
    std::vector<std::pair<std::string, Digest>> found;
    for (const store::Made& made : record.all_last()) {
      if (is_within(project_of(made.label()), workspace.project)) {
        found.emplace_back(made.label(), made.label_digest());
      }
    }
    std::sort(found.begin(), found.end());
    for (const auto& [label, digest] : found)
      chosen.push_back(digest);
    return chosen;
  }
  const auto labels = parse_labels(context, workspace, context.options.words);
  if (!labels) return std::nullopt;
  const std::optional<Graph> graph =
      load_graph(context, workspace, demanded_projects(workspace, *labels), Save::No);
  if (!graph) return std::nullopt;
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return std::nullopt;
  keep_receipts(cleaner, *graph, *nodes);
  for (std::uint32_t i = 0; i < graph->node_count(); ++i) {
    // The private children of an instance are made and cleaned with it.
    const NodeId counted = graph->node(NodeId(i)).counts_with;
    if (std::binary_search(nodes->begin(), nodes->end(), NodeId(i)) ||
        std::binary_search(nodes->begin(), nodes->end(), counted)) {
      chosen.push_back(digest_of(label_of(*graph, NodeId(i))));
    }
  }
  return chosen;
}

int clean_all(Context& context, const lang::Workspace& workspace) {
  const std::string state = join_path(workspace.root, kStateFolder);
  Cleaner cleaner{.context = context,
                  .root = workspace.root,
                  .record = store::Record::load(context.files, state),
                  .index = store::StatIndex::load(context.files, state)};
  const auto labels = chosen_labels(cleaner, workspace);
  if (!labels) return refuse(context);
  for (const Digest& label : *labels) {
    const std::optional<store::Made> made = cleaner.record.last(label);
    if (!made) continue;
    for (const MadeOutput& output : made->outputs())
      clean_output(cleaner, output);
  }
  if (!context.console.quiet) {
    context.console.talk(
        fmt::format("{} output{} {}{}\n", cleaner.removed, cleaner.removed == 1 ? "" : "s",
                    context.options.dry_run ? "would be removed" : "removed",
                    cleaner.kept > 0 ? fmt::format(", {} kept", cleaner.kept) : std::string()));
  }
  return kExitDone;
}

}  // namespace

int clean_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  if (context.options.dry_run) return clean_all(context, *workspace);
  const Result<Locked> locked = take_lock(context, *workspace, {});
  if (!locked) return refuse_lock(context, locked.error());
  return clean_all(context, *workspace);
}

}  // namespace devgraph::cli
