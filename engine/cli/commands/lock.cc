#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/locking.h"
#include "engine/cli/report.h"
#include "engine/exec/portable.h"
#include "engine/graph/order.h"

namespace devgraph::cli {
namespace {

struct Job {
  Graph graph;
  std::vector<NodeId> goals;
};

/// The graph of the whole workspace: what nobody asks for any more is seen in no part of it.
std::optional<Job> prepare(Context& context, const lang::Workspace& workspace) {
  const auto labels = parse_labels(context, workspace, context.options.words);
  if (!labels) return std::nullopt;
  std::optional<Graph> graph = load_graph(context, workspace, {"..."}, Save::No);
  if (!graph) return std::nullopt;
  std::optional<std::vector<NodeId>> goals = choose_goals(context, *graph, workspace, *labels);
  if (!goals) return std::nullopt;
  return Job{std::move(*graph), std::move(*goals)};
}

/// Puts the lines of nodes in. Lines of other nodes stay: what they say still holds. So do those of
/// all others, while cells of late axes are not known.
void put_nodes(const Graph& graph, const exec::NodeLocks& locked, LockFile& lock) {
  std::map<std::string, LockedNode> nodes;
  std::map<std::string, PortableContent> sources;
  if (has_waiting(graph)) {
    nodes = lock.nodes;
    sources = lock.sources;
  }
  const auto keep_source = [&](const std::string& path) {
    const auto now = locked.sources.find(path);
    const auto before = lock.sources.find(path);
    if (now != locked.sources.end()) {
      sources.insert_or_assign(path, now->second);
    } else if (before != lock.sources.end()) {
      sources.insert(*before);
    }
  };
  for (const NodeId id : all_nodes(graph)) {
    const std::string label = label_of(graph, id);
    const auto now = locked.nodes.find(label);
    const auto before = lock.nodes.find(label);
    if (now == locked.nodes.end() && before == lock.nodes.end()) continue;
    const LockedNode& node = now != locked.nodes.end() ? now->second : before->second;
    for (const std::string& path : exec::sources_of(graph, id))
      keep_source(path);
    for (const std::string& path : node.found)
      keep_source(path);
    nodes.insert_or_assign(label, node);
  }
  lock.nodes = std::move(nodes);
  lock.sources = std::move(sources);
}

int lock(Context& context, const lang::Workspace& workspace,
         const std::function<bool()>& interrupted) {
  std::optional<Job> job = prepare(context, workspace);
  if (!job) return refuse(context);
  const std::vector<exec::NodeAsk> open =
      unlocked(job->graph, needed_order(job->graph, job->goals));
  if (!open.empty()) {
    const bool is_done = lock_names(context, workspace, job->graph, open, interrupted);
    if (interrupted()) return kExitFailed;
    if (!is_done) return refuse(context);
    job = prepare(context, workspace);
    if (!job) return refuse(context);
  }
  std::optional<LockFile> file = read_lock(context, workspace);
  if (!file) return refuse(context);
  const std::vector<Ask> dropped = drop_unasked(job->graph, *file);
  exec::CheckOptions options;
  options.workspace = workspace.root;
  options.goals = job->goals;
  const Result<exec::NodeLocks> locked = exec::lock_nodes(job->graph, context.files, options);
  if (!locked) return refuse(context, "E912", locked.error().message);
  put_nodes(job->graph, *locked, *file);
  if (!write_lock(context, workspace, *file)) return refuse(context);

  Report report;
  report.stale = stale_rows(job->graph, locked->stale);
  report.sources = &context.sources;
  context.console.data(stale_text(report));
  if (!context.console.quiet) {
    for (const Ask& ask : dropped)
      context.console.talk(fmt::format("dropped {}: nothing asks for it\n", printable(show(ask))));
    context.console.talk(fmt::format("{}: {} name{} outside, {} node{}; {} not fresh\n", kLockName,
                                     file->outside.size(), file->outside.size() == 1 ? "" : "s",
                                     file->nodes.size(), file->nodes.size() == 1 ? "" : "s",
                                     report.stale.size()));
  }
  return report.stale.empty() ? kExitDone : kExitStale;
}

// --- the merge driver of git
// ----------------------------------------------------------------------

/// None: the fault is in `context.found`. An empty file is one that a side does not have.
std::optional<LockFile> read_side(Context& context, const std::string& path) {
  Result<std::string> text = context.files.read(path);
  if (!text) {
    add_fault(context, "E912", text.error().message);
    return std::nullopt;
  }
  if (text->empty()) return LockFile();
  std::expected<LockFile, LockFault> side = parse_lock(*text);
  if (side) return *std::move(side);
  add_lock_fault(context, path, *std::move(text), side.error());
  return std::nullopt;
}

int merge(Context& context) {
  const std::vector<std::string>& words = context.options.words;
  constexpr std::size_t kWords = 4;
  if (words.size() != kWords) {
    return refuse(context, "E904", "`devgraph lock merge` needs BASE OURS THEIRS",
                  {"git calls it:  git config merge.devgraph.driver "
                   "\"devgraph lock merge %O %A %B\"",
                   "a node of that name is written  :merge"});
  }
  const std::optional<LockFile> base = read_side(context, words[1]);
  const std::optional<LockFile> ours = read_side(context, words[2]);
  const std::optional<LockFile> theirs = read_side(context, words[3]);
  if (!base || !ours || !theirs) return refuse(context);
  const LockMerge made = merge_locks(*base, *ours, *theirs);
  constexpr std::uint32_t kMode = 0644;
  const Status written = context.files.write(words[2], show_merge(made), kMode, false);
  if (!written) return refuse(context, "E912", written.error().message);
  if (!made.dropped.empty() && !context.console.quiet) {
    context.console.talk(
        fmt::format("{}: {} node{} that both sides built anew: build, then `devgraph lock`\n",
                    kLockName, made.dropped.size(), made.dropped.size() == 1 ? "" : "s"));
  }
  for (const LockMerge::Conflict& one : made.conflicts) {
    const auto side = [](const std::string& value) {
      return value.empty() ? std::string("dropped") : short_value(value);
    };
    context.console.talk(fmt::format("conflict: {}  ours {}, theirs {}\n", printable(show(one.ask)),
                                     side(one.ours), side(one.theirs)));
  }
  return made.conflicts.empty() ? kExitDone : kExitFailed;
}

}  // namespace

int lock_command(Context& context) {
  if (!context.options.words.empty() && context.options.words[0] == "merge") return merge(context);
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  return run_stoppable(context, *workspace, false, [&](const auto& interrupted) {
    return lock(context, *workspace, interrupted);
  });
}

}  // namespace devgraph::cli
