#pragma once
/// What a build tells while it goes on. Called from the coordinator's thread only, in order.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph::exec {

enum class Outcome : std::uint8_t {
  Run,       ///< Ran and made its outputs.
  Fresh,     ///< Nothing to do.
  Restored,  ///< Found in the CAS; counts as fresh.
  Failed,
  Blocked,     ///< Something it needs failed.
  NotStarted,  ///< The build stopped early.
};

/// Everything a failure block shows.
struct Failure {
  NodeId node{};
  std::string
      what;  ///< `exit status 1`, `killed by SIGKILL`, `timed out after 20s`, `output missing: …`.
  std::string manifest;  ///< File and line of the `$` line that failed, or of the node.
  std::uint32_t line = 0;
  std::string command;            ///< The `$` line as written; empty for native actions.
  std::string log;                ///< Path of the log, workspace-relative.
  std::vector<std::string> tail;  ///< Last lines of the log, raw bytes.
  std::vector<std::string> hints;
  unsigned attempts = 1;
};

/// Why `allow_failed` does not let a node do without what failed.
struct TooMany {
  std::vector<NodeId> failed;      ///< Or blocked themselves, in the order of the graph.
  std::size_t listed = 0;          ///< Nodes that stand in its lists.
  std::size_t allowed = 0;         ///< So many of them.
  std::optional<NodeId> unlisted;  ///< The first of `failed` that stands in no list.
};

/// One node's end.
struct Finished {
  NodeId node{};
  Outcome outcome = Outcome::Fresh;
  std::chrono::milliseconds time{0};
  std::optional<Failure> failure;
  std::optional<NodeId> blocked_by;  ///< The failed node at the root of it.
  std::optional<TooMany> too_many;   ///< Blocked, though it has `allow_failed`.
  std::string reason;                ///< Why it ran: `new`, `./a.c changed`; with explain only.
  /// One more node of the summary is done: false for all but the last of the nodes that count as
  /// one.
  bool completes = true;
  bool again = false;  ///< It was told already, in an earlier round of the same build.
};

class Listener {
 public:
  virtual ~Listener() = default;
  /// As the summary counts them.
  virtual void planned(std::size_t /*nodes*/) {}
  virtual void started(NodeId /*node*/, std::optional<std::chrono::milliseconds> /*last time*/) {}
  virtual void retrying(NodeId /*node*/, unsigned /*attempt*/, const std::string& /*why*/) {}
  virtual void finished(const Finished& /*end*/) {}
  virtual void warning(const std::string& /*text*/) {}
  /// A signal ends the build; `running` commands are told to end, and have some time for it.
  virtual void stopping(int /*signal*/, std::size_t /*running*/) {}
  /// About ten times a second while commands run, for live displays.
  virtual void tick() {}
};

}  // namespace devgraph::exec
