#pragma once
/// The view of a command that runs within an image: namespaces and mounts (mount_namespaces(7)).

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/exec/within.h"

namespace devgraph::exec {

/// The words that run the bash that comes along: the image's own loader and libraries are others.
std::vector<std::string> bash_command(const EnterRequest& request);

/// Gives this process namespaces of its own, and the image as its root. `layers`: folders, the
/// lowest first.
Status mount_image(const EnterRequest& request, const std::vector<std::string>& layers);

/// Replaces this process; returns only if that fails.
Status become(const std::vector<std::string>& words, const std::vector<std::string>& environment);

}  // namespace devgraph::exec
