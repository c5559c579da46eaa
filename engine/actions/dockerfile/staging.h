#pragma once
/// The context of a build: the files that the Dockerfile uses, and no others.

#include <string>

#include "engine/actions/action.h"

namespace devgraph::actions {

/// Copies the files of `context` into `folder`, which is made, under their names there. Modes are
/// 0755 and 0644, so that nobody's umask gets into an image. Fails above `limit`, naming the
/// largest files, and for links unless `follow_links`.
Status stage_context(const Context& context, const std::string& folder);

}  // namespace devgraph::actions
