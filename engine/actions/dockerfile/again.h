#pragma once
/// A build that failed, once more, up to the instruction that failed.

#include <string>

#include "engine/actions/action.h"

namespace devgraph::actions {

/// Builds `dockerfile` (absolute) as a node's `dockerfile` action would build its own, with the
/// context folder that a failed run left. The image is written as the outputs of the node are:
/// where `context.out_path` says.
Status build_again(const Context& context, const std::string& dockerfile, const std::string& files);

}  // namespace devgraph::actions
