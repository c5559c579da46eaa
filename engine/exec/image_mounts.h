#pragma once
/// The view of a command that runs within an image: namespaces and mounts (mount_namespaces(7)).

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/exec/within.h"

namespace devgraph::exec {

/// The bash of this machine: the loader, bash itself, and the libraries that it loads. Absolute.
Result<std::vector<std::string>> files_of_bash();
/// The words that run it within an image, whose own loader and libraries are others.
std::vector<std::string> bash_command(const std::vector<std::string>& bash,
                                      const std::vector<std::string>& words);

/// Gives this process namespaces of its own, and the image as its root. `layers`: folders, the
/// lowest first. `bash`: what files_of_bash gave, or empty.
Status mount_image(const EnterRequest& request, const std::vector<std::string>& layers,
                   const std::vector<std::string>& bash);

/// Replaces this process; returns only if that fails.
Status become(const std::vector<std::string>& words, const std::vector<std::string>& environment);

}  // namespace devgraph::exec
