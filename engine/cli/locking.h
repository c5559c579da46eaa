#pragma once
/// The lock file as commands use it: read, filled with what nodes ask for, written.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/cli/context.h"
#include "engine/exec/asks.h"
#include "engine/graph/graph.h"
#include "engine/graph/lock_file.h"
#include "lang/load.h"

namespace devgraph::cli {

/// Empty where there is no file. None: the fault is in `context.found`.
std::optional<LockFile> read_lock(Context& context, const lang::Workspace& workspace);
/// Whole and on the disk, or not at all; nothing is written where nothing changes. The lock of the
/// state is held. False: the fault is in `context.found`.
bool write_lock(Context& context, const lang::Workspace& workspace, const LockFile& lock);
/// Adds the fault of a lock file, with its place.
void add_lock_fault(Context& context, const std::string& name, std::string text,
                    const LockFault& fault);

/// What these nodes ask for and the graph found nothing locked for.
std::vector<exec::NodeAsk> unlocked(const Graph& graph, std::span<const NodeId> nodes);
/// A fault for each, with the cure.
void refuse_unlocked(Context& context, const Graph& graph, std::span<const exec::NodeAsk> asks);

/// Asks outside, and puts the answers into the lock file. The lock of the state is held.
/// False: faults are in `context.found`; what could be found out is written all the same.
bool lock_names(Context& context, const lang::Workspace& workspace, const Graph& graph,
                std::span<const exec::NodeAsk> asks, const std::function<bool()>& interrupted);

/// Asks outside, and says on stderr what takes long.
std::vector<Result<std::string>> ask_outside(Context& context, const Graph& graph,
                                             exec::AskOptions options,
                                             std::span<const exec::NodeAsk> asks);
/// A fault for a name that nobody could say anything of.
void add_ask_fault(Context& context, const Graph& graph, const exec::NodeAsk& ask,
                   const Error& error);

std::vector<NodeId> all_nodes(const Graph& graph);
/// Takes out names that no node of the whole workspace asks for; gives them.
std::vector<Ask> drop_unasked(const Graph& graph, LockFile& lock);

/// Runs `body` with a question whether somebody wants it to stop, and with the lock of the state
/// unless it only looks. Gives its exit status, or that of the signal.
int run_stoppable(Context& context, const lang::Workspace& workspace, bool looks_only,
                  const std::function<int(const std::function<bool()>&)>& body);

/// What it stands for, shortened for people: `1f2e3d4c5b6a`.
std::string short_value(const std::string& value);

}  // namespace devgraph::cli
