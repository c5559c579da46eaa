#pragma once
/// What `check` and `lint` found, for people, programs, GitHub and code scanning tools.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/exec/build.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// A finding that is not a diagnostic: a stale node, or a file of the tree that drifted.
struct StaleRow {
  std::string label;
  std::string reason;
  std::string manifest;
  std::uint32_t line = 0;
  bool because_of_input = false;
  bool drifted = false;
};
std::vector<StaleRow> stale_rows(const Graph& graph, const std::vector<exec::StaleNode>& stale);

struct Report {
  std::vector<StaleRow> stale;
  std::size_t nodes = 0;            ///< That were looked at.
  std::vector<std::string> pinned;  ///< Labels of those for which a pin stands in.
  const Diagnostics* found = nullptr;
  const Sources* sources = nullptr;
  /// Of the workspace in its repository: code hosts name files from its top.
  std::string folder;
};

std::string stale_text(const Report& report);
std::string report_json(const Report& report);
/// Workflow commands of GitHub's runner: one annotation a line.
std::string report_github(const Report& report);
/// SARIF 2.1.0. `version` of devgraph.
std::string report_sarif(const Report& report, std::string_view version);

}  // namespace devgraph::cli
