#pragma once
/// Brings nodes up to date: the coordinator of a build, the only writer of states and record.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/events.h"
#include "engine/exec/runner.h"
#include "engine/exec/secrets.h"
#include "engine/exec/stage.h"
#include "engine/exec/trace.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

class Jobserver;

/// What the rounds of one build hand on. Each has a graph of its own, with more cells of late axes,
/// so nodes are known by the digests of their labels.
struct Rounds {
  std::map<Digest, Finished> ended;      ///< All that was not fresh at once.
  std::set<std::string> made;            ///< Outputs of nodes that decide about cells, as they are.
  std::vector<std::string> quarantined;  ///< As in Summary; so are the next two.
  std::vector<std::string> not_equal;
  std::chrono::milliseconds time{0};
  std::optional<Trace> trace;
};

struct BuildOptions {
  std::string workspace;  ///< Absolute.
  std::vector<NodeId> goals;
  std::vector<NodeId> always;  ///< `-B`: run again even if fresh.
  unsigned jobs = 1;
  bool keep_going = false;
  double load_limit = 0;  ///< `-l`: 0 is none.
  bool dry_run = false;   ///< `-n`: judges, runs nothing, writes nothing.
  bool adopt = false;
  bool twice = false;
  std::optional<std::uint64_t> shuffle;
  SandboxMode sandbox = SandboxMode::On;
  std::string trace;  ///< Chrome trace file, or empty.
  bool explain = false;
  /// Shares `-j` with makes that run, or that run us; or null. Its descriptors are for the caller
  /// to pass to Runner::inherit.
  Jobserver* jobserver = nullptr;
  /// Finds the secrets that nodes of this build are given: called once, before anything runs, and
  /// only if there are any. An error stops the build.
  std::function<Result<SecretValues>(const std::vector<WantedSecret>&)> find_secrets;
  SecretValues secrets;      ///< By `build`: what that found.
  Rounds* rounds = nullptr;  ///< Read and written where the graph has late axes; else may be null.
  std::chrono::milliseconds grace{3000};  ///< Between TERM and KILL when a signal stops the build.
};

/// Counts of public nodes (private children count with their instance). The first five add up to
/// `nodes`.
/// A node that something outside would refuse.
struct NotReady {
  NodeId node{};
  std::string why;
};

struct Summary {
  std::size_t nodes = 0, run = 0, fresh = 0, failed = 0, blocked = 0, not_started = 0;
  std::chrono::milliseconds time{0};
  std::vector<Finished> bad;             ///< Failed and blocked, in order of id.
  std::vector<std::string> quarantined;  ///< Labels left out by `allow_failed`.
  std::vector<std::string> not_equal;    ///< `--twice`: label and output that differ.
  bool excused = false;                  ///< Every failure is one of a `may_fail` node.
  int signal = 0;                        ///< Stopped by this signal.
  std::vector<NotReady> refused;         ///< Not empty: nothing was run at all.
  /// A round is over and nothing else counts here: make the graph again and go on.
  bool unfinished = false;
};

/// Errors: what stops a build as a whole (state cannot be written, output not ours, absent source).
/// The caller holds the lock of the state folder, `.devgraph` (store/lock.h), and has made sure
/// that no wanted node is refused.
Result<Summary> build(const Graph& graph, Files& files, Runner& runner, const BuildOptions& options,
                      Listener& listener);

/// `check`: one line per node that is not fresh, in order, without running or writing anything.
struct StaleNode {
  NodeId node{};
  std::string reason;             ///< `./a.c changed`, `output out/x missing`, `never built`,
                                  ///< `its last run failed; see …`,
                                  ///< `waits for what //:split makes`; or
  bool because_of_input = false;  ///< only because a node it needs is stale.
  bool drifted = false;           ///< A file of the tree is not what the graph would put there.
};
struct CheckOptions {
  std::string workspace;
  std::vector<NodeId> goals;
  /// Nodes of `freeze`: what they would copy is compared where it is fresh and among the goals'
  /// nodes.
  std::vector<NodeId> frozen;
  bool paranoid = false;  ///< Hash everything, trust no stamp.
  bool remote = false;    ///< Ask other machines, too, whether what nodes left is still there.
};
Result<std::vector<StaleNode>> check(const Graph& graph, Files& files, const CheckOptions& options);

/// `why`: the parts of a node's key now and at its last run.
struct KeyChange {
  std::string part;    ///< `input ./a.c`, `script`, `env CC`, `tool g++`.
  std::string before;  ///< Shortened digests or values; empty: was not there.
  std::string now;
};
struct OwnWhy {
  NodeId node{};
  bool ever_built = false;
  bool stale = false;  ///< By itself, whatever becomes of what it reads.
  std::vector<KeyChange> changes;
  std::vector<std::string> outputs;  ///< Missing or altered outputs.
  std::string failed_log;            ///< Never built because its last run failed: the log.
  bool uncertain = false;            ///< Files came or went while it ran.
  std::string waits;                 ///< Not empty: its cells are not known, and why.
};
/// A node that is stale by itself, and so makes those stale that read what it makes.
struct Cause {
  OwnWhy own;
  std::vector<NodeId> through;  ///< The nodes between, the nearest to the cause first.
};
struct Why {
  OwnWhy own;
  std::vector<NodeId> stale_needs;  ///< Nodes that it reads and that are stale.
  std::vector<Cause> causes;        ///< Behind them; the nearest first.
  bool fresh() const { return !own.stale && stale_needs.empty(); }
};
Result<std::vector<Why>> why(const Graph& graph, Files& files, const std::string& workspace,
                             const std::vector<NodeId>& nodes);

}  // namespace devgraph::exec
