#pragma once
/// What a name outside of the workspace stands for now: what the lock file is filled with.

#include <string>

#include "engine/actions/action.h"
#include "engine/graph/asks.h"

namespace devgraph::actions {

/// Asks a registry, a git server or a URL, for a node that names it. The value has the form of the
/// lock file. `context.scratch` is a folder for helper programs; a file is downloaded to `file` in
/// it.
Result<std::string> outside_now(const Context& context, const Ask& ask);

/// Where a file that was downloaded for its hash waits for its node; relative to the workspace.
std::string fetched_path(const Sha256& digest);

// --- one for each kind
// ----------------------------------------------------------------------------

Result<Sha256> fetch_now(const Context& context, const std::string& path);
/// A commit: of `rev`, a tag, a branch, a full name of a ref, `HEAD` or a shortened commit.
Result<std::string> commit_now(const Context& context, const std::string& rev);

}  // namespace devgraph::actions
