#pragma once
/// From a node of the graph to the command that runs it: the scratch folder laid out, the script
/// and its parameters written, environment and sandbox decided.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/files.h"
#include "engine/exec/runner.h"
#include "engine/exec/secrets.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

class Toolbox;

enum class SandboxMode : std::uint8_t { On, Require, Off };

/// What staging knows of the run.
struct Stage {
  const Graph& graph;
  Files& files;
  std::string workspace;  ///< Absolute.
  std::string state;      ///< Absolute: `.devgraph`.
  SandboxMode sandbox = SandboxMode::On;
  std::string makeflags;  ///< MAKEFLAGS of commands, Jobserver::makeflags(); or empty.
  /// Listed inputs that `allow_failed` leaves out: they vanish from every list of values. Sorted.
  std::vector<InputId> missing;
  Toolbox* toolbox = nullptr;  ///< The build's; without one, tools are looked up for each node.
  const SecretValues* secrets = nullptr;  ///< All of the build.
  SecretFolder* secret_folder = nullptr;  ///< The node's, if it has secrets.
};

/// Lays out `scratch` (absolute, empty, exists) for a Script or Exec node and returns its command:
/// parent folders of outputs, tree outputs, copies of inputs for Cwd::Inputs, links of the declared
/// tools, response files, the script file. `log` is where output goes.
///
/// A script is one bash program with its parameters as arrays: field `dg1` of `args` is the array
/// dg1. Exec: `args` has `argv` (a List), and may have `stdin`, `stdout`, `stderr` (a path each)
/// and `append` (True: both outputs are appended to; or the names of those that are). It starts
/// without bash where that makes no difference that a command could see.
Result<Command> stage(const Stage& stage, NodeId node, const std::string& scratch,
                      const std::string& log);

/// Where output number `index` of a node is made during the run: below `<scratch>/out/`, or at its
/// own path for an in-tree output of a node with Cwd::Project and no sandbox.
std::string staged_output(const Stage& stage, NodeId node, std::size_t index,
                          const std::string& scratch);

/// The absolute path of an input's content.
std::string input_path(const Graph& graph, const std::string& workspace, InputId input);

/// Whether an input is a Python environment, which a node can run within: the output of a `venv`.
bool is_venv(const Graph& graph, InputId input);

/// After a run: the index of the script line that it had come to, if known. Of a script with one
/// line that is line 0.
std::optional<std::uint32_t> last_line(Files& files, const Command& command);

}  // namespace devgraph::exec
