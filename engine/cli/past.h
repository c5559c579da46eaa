#pragma once
/// The workspace as it was at a git revision: its manifests evaluated and its keys computed from
/// what the repository holds, its results looked up in the record of today. Nothing runs.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/aside.h"
#include "engine/cli/context.h"
#include "engine/exec/survey.h"
#include "engine/store/cas.h"
#include "lang/load.h"

namespace devgraph::cli {

class Past {
 public:
  /// Takes the revision's files out of the repository, into a folder that goes with the object.
  /// None: the faults were shown, or are in `context.found`; `helps` are for one that git does not
  /// know.
  static std::unique_ptr<Past> open(Context& context, const lang::Workspace& workspace,
                                    const std::string& revision,
                                    std::vector<std::string> helps = {});
  const Graph& graph() const { return *graph_; }
  const std::string& commit() const { return commit_; }  ///< 12 digits.
  store::Cas& cas() { return cas_; }

  /// Finds the results of these nodes and of what they need. Error: a source that the revision does
  /// not hold.
  Status look_up(const std::vector<NodeId>& goals);
  /// Of one of them; none if no result for its inputs of then is kept.
  std::optional<store::Made> result(NodeId node) const;
  /// The first of the nodes that one of them needs, itself last, that has no result.
  std::optional<NodeId> first_unknown(NodeId node) const;

 private:
  Past(Files& files, const std::string& state)
      : files_(files), aside_(files, state, "past"), state_(state), cas_(files, state) {}
  Status take_out(const lang::Workspace& workspace, const std::string& revision);
  bool evaluate(Context& context, const lang::Workspace& workspace);

  Files& files_;
  Aside aside_;
  std::string root_;   // The workspace within it.
  std::string state_;  // Of today.
  store::Cas cas_;
  std::string commit_;
  std::optional<Graph> graph_;
  std::optional<exec::Survey> survey_;
  std::vector<std::optional<store::Made>> results_;  // By node.
};

}  // namespace devgraph::cli
