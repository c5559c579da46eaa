#pragma once
/// Where the secrets of a build come from: environment, the user's file, the user's command, or the
/// user, asked on the terminal. docs/reference/secrets.md

#include <functional>
#include <optional>
#include <vector>

#include "engine/cli/context.h"
#include "engine/exec/secrets.h"

namespace devgraph::cli {

/// All that is wanted; none: what is missing is in `context.found`. `stop` says that the user does
/// not want to go on.
std::optional<exec::SecretValues> find_secrets(Context& context, const Graph& graph,
                                               const std::vector<exec::WantedSecret>& wanted,
                                               const std::function<bool()>& stop);

/// Whether the user's own settings let a secret go to a host; this machine always. False: the fault
/// is in `context.found`. A manifest names hosts, but it does not say who may have what is yours.
bool may_send(Context& context, const std::string& secret, const std::string& host);

}  // namespace devgraph::cli
