#pragma once
/// The image that a label on the command line stands for.

#include <optional>
#include <string>

#include "engine/cli/context.h"

namespace devgraph::cli {

struct ImageGoal {
  std::string workspace;  ///< Absolute.
  std::string layout;     ///< Absolute; there only when it is built.
};

/// Of a node that makes an image, that image; of one that runs within an image, that one. None: the
/// fault is in `context.found`.
std::optional<ImageGoal> find_image(Context& context, const std::string& word);

}  // namespace devgraph::cli
