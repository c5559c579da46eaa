#pragma once
/// Which of the images that a workspace put into an engine its graph does not hold.

#include <set>
#include <string>
#include <vector>

#include "engine/actions/engine_record.h"

namespace devgraph::cli {

/// What an engine has now. Ids are digits of digests.
struct EngineImages {
  struct Row {
    std::string id;
    std::string name;  ///< As the engine writes it; empty: the image has none.
  };
  std::vector<Row> rows;       ///< One for each name.
  std::set<std::string> used;  ///< By containers, running or not.
};

/// An image that may go, or one of its names.
struct SpareImage {
  actions::Placed placed;
  std::string id;
  std::string name;  ///< As the engine writes it; empty: the image, which has none.
};

/// Ours once, and left alone.
struct LeftImage {
  enum class Why { InUse, GivenAway };
  actions::Placed placed;
  std::string id;
  Why why = Why::InUse;
};

struct ImagePlan {
  std::vector<SpareImage> spare;  ///< In the order in which they can go.
  std::vector<LeftImage> left;
};

/// Those that the graph does not hold: it holds the latest of each name that a node gives.
/// `placed`: in one engine, the latest last. `held`: these names, here and below.
std::vector<actions::Placed> loose_images(const std::vector<actions::Placed>& placed,
                                          const std::set<std::string>& held);

/// A name may go if no node gives it and it still stands for what was put there; an image, if it
/// has no name, nothing was built upon it, and it is not what a node put there last.
ImagePlan plan_images(const std::vector<actions::Placed>& placed, const EngineImages& now,
                      const std::set<std::string>& held);

/// What the record need not tell any more: it is not there, or belongs to others by now.
std::vector<actions::Placed> settled_images(const std::vector<actions::Placed>& placed,
                                            const EngineImages& now,
                                            const std::set<std::string>& held);

}  // namespace devgraph::cli
