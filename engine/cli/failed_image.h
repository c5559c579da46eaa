#pragma once
/// The image as it was when an instruction of a Dockerfile failed.

#include <string>
#include <string_view>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// The text of a Dockerfile before the instruction that an engine's output ends with: buildah's
/// `[2/2] STEP 4/5: RUN …`, docker's `Step 6/7 : RUN …`. Fails where that output has no such line,
/// or no instruction stands before it.
Result<std::string> before_failure(std::string_view dockerfile, std::string_view log);

/// Makes that image in `folder` (absolute, exists): an OCI layout at `folder/image`. The node is a
/// `dockerfile` whose last run failed; `state` is the workspace's `.devgraph`.
Status make_failed_image(Context& context, const Graph& graph, NodeId node,
                         const std::string& workspace, const std::string& folder);

}  // namespace devgraph::cli
