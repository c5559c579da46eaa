#pragma once
/// The log of a node: header, what it printed, footer; earlier ones kept beside it as `.1.log` to
/// `.10.log`.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/base/files.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// Makes logs; remembers which folders exist.
class NodeLogs {
 public:
  NodeLogs(const Graph& graph, Files& files, std::string workspace, std::string state);

  /// Workspace-relative: `.devgraph/log/<stem>.log`.
  std::string path(NodeId id) const;
  std::string full_path(NodeId id) const;
  /// Moves earlier logs aside and starts a new one with its header. The file stays open in the
  /// returned object for what is added behind the command's output.
  Result<std::unique_ptr<AppendFile>> start(NodeId id, unsigned attempt);
  /// The last bytes of a log.
  std::string tail_bytes(NodeId id, std::size_t limit) const;

 private:
  Status move_aside(const std::string& path) const;
  std::string header(NodeId id, unsigned attempt) const;

  const Graph& graph_;
  Files& files_;
  std::string workspace_;
  std::string state_;
  std::unordered_set<std::string> folders_;
};

/// The last `count` lines of a text; a line of more than 4 KiB is cut.
std::vector<std::string> last_lines(std::string_view text, std::size_t count);

/// `# exit status 1, 0.4s`.
std::string log_footer(std::string_view what, std::chrono::milliseconds time);

}  // namespace devgraph::exec
