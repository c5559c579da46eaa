#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/locking.h"
#include "engine/graph/order.h"

namespace devgraph::cli {
namespace {

struct Counts {
  std::size_t moved = 0;
  std::size_t added = 0;
  std::size_t dropped = 0;
  std::size_t same = 0;
  std::size_t unknown = 0;
};

/// The names that the labels' nodes and all they need ask for; without labels those of all.
std::optional<std::vector<exec::NodeAsk>> chosen(Context& context, const lang::Workspace& workspace,
                                                 const Graph& graph) {
  if (context.options.words.empty()) return exec::asks_of_nodes(graph, all_nodes(graph));
  const auto labels = parse_labels(context, workspace, context.options.words);
  if (!labels) return std::nullopt;
  const auto nodes = select_nodes(context, graph, *labels);
  if (!nodes) return std::nullopt;
  return exec::asks_of_nodes(graph, needed_order(graph, *nodes));
}

/// Puts one answer into the lock file, and says on stdout what becomes of the name.
void move_to(Context& context, const Ask& ask, const std::string& now, LockFile& lock,
             Counts& counts) {
  const auto held = lock.outside.find(ask);
  const std::string name = printable(show(ask));
  if (held == lock.outside.end()) {
    ++counts.added;
    context.console.data(fmt::format("{}  new, {}\n", name, short_value(now)));
  } else if (held->second != now) {
    ++counts.moved;
    context.console.data(
        fmt::format("{}  {} -> {}\n", name, short_value(held->second), short_value(now)));
  } else {
    ++counts.same;
    if (context.console.verbose) {
      context.console.data(fmt::format("{}  {}\n", name, short_value(now)));
    }
  }
  lock.outside.insert_or_assign(ask, now);
}

std::string summary(const Counts& counts, bool dry) {
  std::string text =
      fmt::format("{} {}, {} new, {} dropped, {} as before", counts.moved,
                  dry ? "would move" : "moved", counts.added, counts.dropped, counts.same);
  if (counts.unknown > 0) text += fmt::format(", {} unknown", counts.unknown);
  return text + "\n";
}

int update(Context& context, const lang::Workspace& workspace,
           const std::function<bool()>& interrupted) {
  const std::optional<Graph> graph = load_graph(context, workspace, {"..."}, Save::No);
  if (!graph) return refuse(context);
  const std::optional<std::vector<exec::NodeAsk>> asks = chosen(context, workspace, *graph);
  if (!asks) return refuse(context);
  std::optional<LockFile> lock = read_lock(context, workspace);
  if (!lock) return refuse(context);
  const bool dry = context.options.dry_run;
  const std::vector<Result<std::string>> answers =
      ask_outside(context, *graph,
                  {.workspace = workspace.root, .keep = !dry, .interrupted = interrupted}, *asks);
  if (interrupted()) return kExitFailed;
  Counts counts;
  for (std::size_t i = 0; i < asks->size(); ++i) {
    if (answers[i]) {
      move_to(context, (*asks)[i].asked.ask, *answers[i], *lock, counts);
    } else {
      ++counts.unknown;
      add_ask_fault(context, *graph, (*asks)[i], answers[i].error());
    }
  }
  for (const Ask& ask : drop_unasked(*graph, *lock)) {
    ++counts.dropped;
    context.console.data(fmt::format("{}  dropped, nothing asks for it\n", printable(show(ask))));
  }
  if (!dry && !write_lock(context, workspace, *lock)) return refuse(context);
  if (!context.console.quiet) context.console.talk(summary(counts, dry));
  if (counts.unknown == 0) return kExitDone;
  refuse(context);
  return kExitFailed;
}

}  // namespace

int update_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  return run_stoppable(context, *workspace, context.options.dry_run, [&](const auto& interrupted) {
    return update(context, *workspace, interrupted);
  });
}

}  // namespace devgraph::cli
