#pragma once
/// Which of the images that builds of Dockerfiles made in an engine no node needs.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/cli/spare_images.h"

namespace devgraph::cli {

/// One that carries the label of the workspace. Ids are digits of digests.
struct BuiltImage {
  std::string id;
  std::string parent;       ///< Upon which it was made; may be empty.
  std::uint64_t bytes = 0;  ///< Without the parent, if that carries the label too.
};

struct BuildPlan {
  std::vector<EngineImages::Row> names;  ///< That may go.
  std::vector<BuiltImage> images;        ///< That may go then, each before its parent.
  /// That would go if no container used them; their names if they have any.
  std::vector<EngineImages::Row> used;
};

/// A name of this workspace may go if it is not `held` and stands for an image of a build; an image
/// of a build, if it has no other name, no container uses it, and none that stays was made upon it.
BuildPlan plan_builds(const std::vector<BuiltImage>& built, const EngineImages& now,
                      const std::string& workspace_id, const std::set<std::string>& held);

/// The name without the registry that an engine writes before one that has none.
std::string plain_name(const std::string& name);

}  // namespace devgraph::cli
