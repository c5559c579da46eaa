#pragma once
/// Pure helpers of the coordinator: counting, and words for how a command ended.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/exec/build.h"
#include "engine/exec/survey.h"
#include "engine/store/parts.h"

namespace devgraph::exec {

/// The counts of a Summary: a private child counts with its instance, as one node whose outcome is
/// the worst of them; the handle of an instance counts only if private children count with it.
Summary count_nodes(const Graph& graph, const std::vector<NodeId>& order,
                    const IdVec<NodeId, Outcome>& outcomes);

/// The same while they end one by one.
class NodeCounter {
 public:
  NodeCounter(const Graph& graph, const std::vector<NodeId>& order);

  std::size_t total() const { return total_; }
  /// Once for each node of the order; whether one more of the total is done with it.
  bool ends(NodeId node);

 private:
  const Graph& graph_;
  IdVec<NodeId, std::uint32_t> open_;  // By the node that counts: how many count with it.
  std::size_t total_ = 0;
};

/// `SIGINT`, or `signal 70` where it has no name.
std::string signal_name(int signal);

/// Empty if the command ended as its `ok` codes allow; else `exit status 1`, `killed by SIGKILL`,
/// `timed out after 20s`.
std::string fault_of(const Graph& graph, NodeId node, const Exit& exit);

/// `timed out after 20s`.
std::string timeout_words(const Graph& graph, NodeId node);

/// The paths that a depfile in make's format names behind its colons; none if it is no depfile.
std::optional<std::vector<std::string>> parse_depfile(std::string_view text);

/// Where the log of a node is, if its last run failed; relative to the workspace.
std::optional<std::string> failed_log(const Graph& graph, Files& files,
                                      const std::string& workspace, NodeId node);

/// Why a node is stale, in a few words: `never built`, `./a.c changed`, `output out/x missing`.
std::string stale_reason(Survey& survey, const store::Parts& parts, NodeId node);

/// 1 for each wanted node that is not fresh, or reads what such a node makes. What only stands
/// behind one (`after`) may be fresh, and what reads the name of a thing that is gone outside is.
IdVec<NodeId, std::uint8_t> stale_nodes(const Survey& survey);

}  // namespace devgraph::exec
