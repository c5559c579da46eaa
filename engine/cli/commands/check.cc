#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/locking.h"
#include "engine/cli/pin_file.h"
#include "engine/cli/released.h"
#include "engine/cli/report.h"
#include "engine/cli/repository.h"
#include "engine/exec/build.h"
#include "engine/exec/owned.h"
#include "engine/exec/portable.h"
#include "engine/graph/order.h"
#include "engine/store/record.h"

namespace devgraph::cli {
namespace {

void print_report(Context& context, const Report& report) {
  const std::string& format = context.options.format;
  if (format == "json") {
    context.console.data(report_json(report));
  } else if (format == "github") {
    context.console.data(report_github(report));
  } else if (format == "sarif") {
    context.console.data(report_sarif(report, DEVGRAPH_VERSION));
  } else {
    context.console.data(stale_text(report));
  }
}

/// Faults go where a program looks for them, and to people as well.
int cannot_tell(Context& context, const std::optional<lang::Workspace>& workspace) {
  context.found.sort(context.sources);
  if (!context.options.format.empty()) {
    Report report;
    report.found = &context.found;
    report.sources = &context.sources;
    if (workspace)
      report.folder = folder_in_repository(context.files, context.environment, workspace->root);
    print_report(context, report);
  }
  return refuse(context);
}

std::size_t counted_nodes(const Graph& graph, const std::vector<NodeId>& goals) {
  std::size_t count = 0;
  for (const NodeId id : needed_order(graph, goals)) {
    if (graph.node(id).counts_with == id) ++count;
  }
  return count;
}

void say_counts(Context& context, const Report& report, bool by_lock) {
  const auto drifted = static_cast<std::size_t>(std::count_if(
      report.stale.begin(), report.stale.end(), [](const StaleRow& row) { return row.drifted; }));
  const std::size_t pinned = report.pinned.size();
  context.console.talk(fmt::format("{} node{}: {} stale{}{}{}\n", report.nodes,
                                   report.nodes == 1 ? "" : "s", report.stale.size() - drifted,
                                   drifted == 0 ? "" : fmt::format(", {} drifted", drifted),
                                   pinned == 0 ? "" : fmt::format(", {} pinned", pinned),
                                   by_lock ? fmt::format(", as {} has it", kLockName) : ""));
}

/// The lock file to compare with: where it is asked for, and in a clone in which nothing was built.
/// None: with what was built here. The outer none: the fault is in `context.found`.
std::optional<std::optional<LockFile>> lock_to_compare(Context& context,
                                                       const lang::Workspace& workspace) {
  const std::string state = join_path(workspace.root, kStateFolder);
  if (!context.options.portable && !store::Record::load(context.files, state).empty()) {
    return std::optional<LockFile>();
  }
  std::optional<LockFile> lock = read_lock(context, workspace);
  if (!lock) return std::nullopt;
  if (!context.options.portable && lock->nodes.empty()) return std::optional<LockFile>();
  return lock;
}

}  // namespace

int check_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return cannot_tell(context, workspace);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return cannot_tell(context, workspace);
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return cannot_tell(context, workspace);
  const auto checked = choose_checked(context, *graph, *workspace, *labels);
  if (!checked) return cannot_tell(context, workspace);

  exec::CheckOptions options;
  options.workspace = workspace->root;
  options.goals = checked->goals;
  options.frozen = checked->frozen;
  options.paranoid = context.options.paranoid;
  options.remote = context.options.remote;
  const std::vector<exec::NodeAsk> open = unlocked(*graph, needed_order(*graph, checked->goals));
  if (!open.empty()) {
    refuse_unlocked(context, *graph, open);
    return cannot_tell(context, workspace);
  }
  const std::optional<std::optional<LockFile>> lock = lock_to_compare(context, *workspace);
  if (!lock) return cannot_tell(context, workspace);
  const Result<std::vector<exec::StaleNode>> stale =
      *lock ? exec::check_locked(*graph, context.files, options, **lock)
            : exec::check(*graph, context.files, options);
  if (!stale) {
    add_fault(context, "E912", stale.error().message);
    return cannot_tell(context, workspace);
  }
  std::vector<exec::StaleNode> rows = *stale;
  for (exec::Drift& drift :
       exec::drifted_links(*graph, context.files, workspace->root, checked->goals)) {
    rows.push_back({.node = drift.node, .reason = std::move(drift.reason), .drifted = true});
  }
  if (options.remote) {
    const std::vector<NodeId>& named = checked->effects;
    auto outside = released_rows(context, *workspace, *graph, {named, labels->empty()});
    if (!outside) return cannot_tell(context, workspace);
    rows.insert(rows.end(), std::make_move_iterator(outside->begin()),
                std::make_move_iterator(outside->end()));
  }
  Report report;
  report.stale = stale_rows(*graph, rows);
  const std::vector<NodeId> pinned = pinned_nodes(*graph, checked->goals);
  for (const NodeId id : pinned)
    report.pinned.push_back(label_of(*graph, id));
  report.nodes = counted_nodes(*graph, checked->goals);
  report.sources = &context.sources;
  report.folder = folder_in_repository(context.files, context.environment, workspace->root);
  print_report(context, report);
  if (!context.console.quiet) {
    say_pins(context, *workspace, *graph, checked->goals);
    say_lost_pins(context, *workspace, *graph);
    say_counts(context, report, lock->has_value());
  }
  return report.stale.empty() ? kExitDone : kExitStale;
}

}  // namespace devgraph::cli
