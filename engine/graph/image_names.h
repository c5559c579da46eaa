#pragma once
/// The names that nodes give to images.

#include <optional>
#include <string>

#include "engine/graph/graph.h"

namespace devgraph {

/// Two nodes that would give one name to two images; which image has it would depend on which ran
/// last.
struct ImageNameClash {
  NodeId first{};
  NodeId second{};
  std::string name;  ///< As the second writes it.
};

/// Names in a registry, in the local engine and of layouts are looked at apart. Of `promote`
/// nothing is said: giving a name of another image is what it is for.
std::optional<ImageNameClash> find_image_name_clash(const Graph& graph);

/// `name:tag` in full, so that what engines take for the same is the same.
std::string full_image_name(std::string name);
/// Only the tag is added where there is none.
std::string tagged_image_name(const std::string& name);

}  // namespace devgraph
