#pragma once
/// Nodes as steps of a release: the scripts of `exec` and of effect rules, and what depends on an
/// effect and is none itself.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "engine/actions/effects/effect.h"
#include "engine/exec/node_log.h"
#include "engine/exec/runner.h"
#include "engine/exec/secrets.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

class Redactor;

/// What all of them need; outlives the steps.
struct NodeRuns {
  const Graph& graph;
  Files& files;
  Runner& runner;
  NodeLogs& logs;
  const SecretValues& secrets;
  std::shared_ptr<const Redactor> redactor;
  std::string workspace;  ///< Absolute.
  std::string state;      ///< Absolute.
  std::string scratch;    ///< Absolute; emptied for each run.
  const std::atomic<bool>& stopping;
};

/// Where a node's private child is, by its name: `_probe`, `_revert`.
std::optional<NodeId> child_of(const Graph& graph, NodeId node, std::string_view name);

/// Runs a node as it is, and moves what it makes into place. Commands see the user's home and what
/// programs that change the world document, and may write where the user may.
Status run_node(const NodeRuns& runs, NodeId node);

/// A node whose target is asked by its child `_probe`, and which is taken back by its child
/// `_revert`; without them the ledger alone tells whether it was done.
class NodeStep final : public actions::Step {
 public:
  NodeStep(const NodeRuns& runs, NodeId node, actions::StepFacts facts);

  Result<actions::Seen> look() override;
  std::string why_nothing() const override { return why_nothing_; }
  Status apply() override { return run_node(runs_, node_); }
  Status revert(const std::string& before) override;

 private:
  const NodeRuns& runs_;
  NodeId node_;
  std::string why_nothing_;  ///< How its probe ended.
};

}  // namespace devgraph::exec
