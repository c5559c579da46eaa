#pragma once
/// What a native action is: a function of a node's evaluated arguments to files in a fresh folder.
/// It runs on a TBB worker thread, several at once; it must not touch anything but its outputs.

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"
#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace devgraph::actions {

struct Context {
  const Graph& graph;
  NodeId node{};
  Files& files;
  std::string workspace;  ///< Absolute.
  std::string scratch;    ///< Absolute, empty; for temporary files.
  /// The absolute path of an input's content now.
  std::function<std::string(InputId)> path_of;
  /// The absolute path where output number i of the node must be made. Its parent folder exists; a
  /// tree output exists already and is empty.
  std::function<std::string(std::size_t)> out_path;
  /// Appends a line to the node's log.
  std::function<void(std::string_view)> log;
  /// True once the build is being stopped.
  const std::atomic<bool>& stopping;
  /// Listed inputs that `allow_failed` leaves out: `inputs_arg` skips them. Sorted.
  std::vector<InputId> missing = {};
  /// Nothing may come out of a cache that other programs keep: `build -B`, and the second run of
  /// `build --twice`.
  bool afresh = false;
  /// Writes a secret of the node, by its name, to a file in memory that is gone with the node; its
  /// path. The log hides what it holds.
  std::function<Result<std::string>(std::string_view)> secret_file = {};
  /// The value of a secret of the node, by its name; only of effects.
  std::function<Result<std::string>(std::string_view)> secret = {};
  /// What others say, without the secrets that are known; only of effects.
  std::function<std::string(std::string_view)> hide = {};
  /// When the node's `timeout` is over.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

using Function = Status (*)(const Context&);
using Probe = Result<bool> (*)(const Context&);
using Ready = Status (*)(const Context&);

/// A native action by its name in the standard library; null if there is none.
/// `version` enters the key: it changes when the same arguments would make other bytes.
struct Action {
  std::string_view name;
  unsigned version = 1;
  Function run = nullptr;
  /// Of an action that changes something outside of the workspace: whether that is still as the
  /// last run left it. Error: nothing can be said. Called when inputs and outputs are in place.
  Probe holds = nullptr;
  bool is_near = false;  ///< What `holds` asks is on this machine.
  /// Of an action that needs leave from outside: error if it is refused already. Called before
  /// anything runs, when inputs may not be there. Where nobody can be asked, it is ready.
  Ready ready = nullptr;
  /// It packs: the versions of zlib and zstd that this program runs with are in the key, except in
  /// the portable one.
  bool compresses = false;
};
const Action* find_action(std::string_view name);

// --- reading arguments
// ---------------------------------------------------------------------------- The checker has made
// sure of their types. What is absent or `none` is empty, 0 or false; lists in lists are flattened.
// Where folders of a glob matter (`files` of `tar`), an element of a list may be a list of two,
// [name below the fixed part of the glob, file], in place of the file.

/// The argument as it is in the graph; none if it is absent or `none`.
std::optional<ValueId> find_arg(const Context& context, std::string_view name);
std::string_view string_arg(const Context& context, std::string_view name);
std::optional<std::string_view> optional_string(const Context& context, std::string_view name);
std::int64_t int_arg(const Context& context, std::string_view name);
bool bool_arg(const Context& context, std::string_view name);
std::vector<InputId> inputs_arg(const Context& context, std::string_view name);  ///< File or list.
std::vector<std::string_view> strings_arg(const Context& context, std::string_view name);
/// A map of secrets: its names, and those of the secrets.
std::vector<std::pair<std::string_view, std::string_view>> secrets_arg(const Context& context,
                                                                       std::string_view name);
std::vector<std::pair<std::string_view, ValueId>> map_arg(const Context& context,
                                                          std::string_view name);
/// Left out by `allow_failed`; `inputs_arg` has none of these.
bool is_missing(const Context& context, InputId input);
/// The name of an input for messages: as it is in the key.
std::string input_name(const Context& context, InputId input);
/// Whether the build is being stopped, or the time is over; long actions then return
/// `interrupted()`.
bool stopped(const Context& context);
std::unexpected<Error> interrupted();

}  // namespace devgraph::actions
