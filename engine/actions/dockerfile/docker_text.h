#pragma once
/// A Dockerfile as a daemon gets it.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace devgraph::actions {

/// The text with `images` (a name in it -> what the daemon calls the image) in FROM and `--from=`.
/// Behind each FROM of another image, which is not labelled, stands `label`, a line: so everything
/// that is built is labelled.
std::string text_for_docker(std::string_view text, const std::map<std::string, std::string>& images,
                            const std::string& label);

/// What docker, or podman, printed of a build: the images with which stages ended, in their order,
/// by the digits that it shows; empty where a stage has none. The last is the result.
std::vector<std::string> stages_in(std::string_view log);

}  // namespace devgraph::actions
