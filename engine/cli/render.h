#pragma once
/// The texts of a build's end: failure blocks, the summary line and the lists under it.

#include <string>
#include <string_view>

#include "engine/exec/build.h"
#include "engine/exec/events.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

struct RenderStyle {
  bool color = false;
  /// Within GitHub's runner: what nodes printed stands between stop-commands marks with this token,
  /// so that no line of it is taken for a command. Empty: not there.
  std::string github_token;
};

/// The label as it may be shown.
std::string shown_label(const Graph& graph, NodeId node);

/// `by //:a`, or `by 3 failures of 9, `allow_failed` permits 2`; empty if nobody knows.
std::string blocked_by(const Graph& graph, const exec::Finished& end);

/// What failed, the `$` line with its place, the end of the log, where the log is, and advice.
std::string failure_block(const Graph& graph, const exec::Finished& end, const RenderStyle& style);

/// `SIGINT: 2 commands are told to end; the signal once more kills them`, with a newline; empty if
/// none runs.
std::string stopping_line(int signal, std::size_t running);

/// `stopped by SIGINT`, with a newline; empty if no signal came.
std::string stopped_line(const exec::Summary& summary);

/// `1226 nodes: 14 run, 1210 fresh, 1 failed, 1 blocked  3.1s`, without a newline.
std::string summary_line(const exec::Summary& summary, bool dry_run = false);

/// The lines under it: failed and blocked nodes, quarantined ones, outputs that differ.
std::string summary_lists(const Graph& graph, const exec::Summary& summary,
                          const RenderStyle& style);

/// 128+n after a signal, 1 with failures that are not excused, else 0.
int exit_status(const exec::Summary& summary);

}  // namespace devgraph::cli
