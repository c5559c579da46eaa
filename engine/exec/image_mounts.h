#pragma once
/// The view of a command that runs within an image: namespaces and mounts (mount_namespaces(7)).

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/exec/within.h"

namespace devgraph::exec {

/// Where the bash of this machine is seen within an image.
inline constexpr const char* kBashFolder = "/.devgraph-bash";

/// The words that run the bash that comes along: the image's own loader and libraries are others.
std::vector<std::string> bash_command(const EnterRequest& request);

/// Namespaces of its own for this process, whose mounts nobody else sees.
Status unshare_namespaces(bool network);

/// Gives this process namespaces of its own, and the image, whose layers are there, as its root.
Status mount_image(const EnterRequest& request);

/// Replaces this process; returns only if that fails.
Status become(const std::vector<std::string>& words, const std::vector<std::string>& environment);

}  // namespace devgraph::exec
