#pragma once
/// Which results of the record the nodes of a graph need, as they stand; the others, with their
/// contents, may go.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/survey.h"
#include "engine/graph/graph.h"
#include "engine/store/cas.h"
#include "engine/store/collector.h"
#include "engine/store/parts.h"

namespace devgraph::exec {

class Sweep {
 public:
  struct Options {
    std::string workspace;  ///< Absolute.
    std::string state;      ///< Absolute.
    /// Further results are kept while the contents of all that is kept take no more; without it
    /// none are.
    std::optional<std::uint64_t> budget;
  };
  /// `graph`: of the whole workspace; it and `files` outlive the object.
  Sweep(const Graph& graph, Files& files, Options options);

  /// Results of one node that may go.
  struct Spare {
    std::string label;
    bool in_graph = false;
    std::size_t count = 0;
    std::uint64_t bytes = 0;  ///< That are free without them.
  };
  /// Sorted by label. Kept are of each node the last result and the one for its inputs of now, then
  /// others, the most recently used first. Error: a source that cannot be read.
  Result<std::vector<Spare>> find();
  /// What `find` found. May be killed at any point, and be repeated.
  Status drop();

  std::uint64_t kept_bytes() const { return collector_ ? collector_->needed() : 0; }
  std::uint64_t stray_bytes() const { return stray_bytes_; }  ///< Contents of no result.
  bool keeps_any(const Digest& label) const { return kept_labels_.contains(label); }

 private:
  Result<std::set<std::pair<Digest, Digest>>> needed_now();
  std::vector<NodeId> all_nodes() const;
  std::vector<NodeId> with_sources() const;

  const Graph& graph_;
  Files& files_;
  Options options_;
  std::optional<Survey> survey_;
  store::Cas cas_;
  std::optional<store::Collector> collector_;
  std::set<Digest> labels_;  // Of the graph.
  std::set<Digest> kept_labels_;
  std::uint64_t stray_bytes_ = 0;
};

}  // namespace devgraph::exec
