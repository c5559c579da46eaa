#pragma once
/// Labels as people type them (language reference, "Labels and paths"), and what they select.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace devgraph {

/// `//project:node[/child]*[@axis=value[,axis=value]*]`, parts possibly left out or with `*`.
struct LabelPattern {
  std::string project;  ///< Workspace-relative folder; with `below` also all folders under it.
  bool below = false;   ///< Written `//sub/...`.
  std::string name;     ///< May hold `*`; empty: everything of the project.
  std::string folder;   ///< Not empty: the project that is meant if nothing has the name.
  struct Axis {
    std::string name;
    std::string value;  ///< May hold `*`. As it is, not in `%XX` form.
  };
  std::vector<Axis> axes;
};

/// `current` is the workspace-relative folder of the project the user stands in.
Result<LabelPattern> parse_label(std::string_view text, std::string_view current);

/// The nodes a pattern selects, by id. Error with the nearest names if it selects nothing. Private
/// children are selected only by a name without `*`, effects also by one that selects nothing else.
Result<std::vector<NodeId>> select(const Graph& graph, const LabelPattern& pattern);

/// Whether a node has the axis values that a pattern asks for.
bool axes_match(const Graph& graph, const LabelPattern& pattern, NodeId id);

/// `*` for any run of bytes.
bool wildcard_match(std::string_view pattern, std::string_view text);

/// `<project>/<node/child>@<axes>` with each value as a path component: the log of a node is at
/// `.devgraph/log/` + this + `.log`.
std::string log_stem(const Graph& graph, NodeId id);

}  // namespace devgraph
