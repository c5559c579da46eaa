#pragma once
/// Arguments and outputs of the native actions that work on images.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/oci/config.h"
#include "engine/actions/oci/spec.h"

namespace devgraph::oci {

/// The layout of an image: a node, or a record of type `Image`.
std::optional<InputId> image_arg(const actions::Context& context, std::string_view name);
/// The same of any value: none if it is no image.
std::optional<InputId> layout_input(const Graph& graph, ValueId value);
/// A list of images.
std::vector<InputId> images_arg(const actions::Context& context, std::string_view name);
/// A map of texts, as it is written.
std::vector<std::pair<std::string, std::string>> pairs_arg(const actions::Context& context,
                                                           std::string_view name);
/// A record of type `Config`.
ConfigChange config_arg(const actions::Context& context, std::string_view name);
/// The second output of what makes an image: its digest, with a newline.
Status write_digest(const actions::Context& context, const Descriptor& image);

}  // namespace devgraph::oci
