#pragma once
/// Images that builds of Dockerfiles left in docker and that no node needs: results of nodes that
/// are gone, and layers of earlier, failed and killed builds.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/actions/engine_record.h"
#include "engine/cli/engine_images.h"
#include "engine/cli/spare_builds.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// An image, or a name of one, that may go.
struct ImageWaste {
  std::string label;    ///< Of the node that put it there; of none: where it lies.
  std::string program;  ///< `docker` or `podman`.
  std::string name;     ///< That it got there; may be empty.
  std::string id;
  std::string what;
  std::uint64_t bytes = 0;  ///< Zero where the image stays, under names of others.
};

/// What is known and planned in one engine.
class BuildGarbage {
 public:
  /// `placed`: what builds of this workspace put there, not empty. `held`: as `held_build_names`.
  BuildGarbage(const EngineImagesReader& reader, std::string workspace_id,
               std::vector<actions::Placed> placed, const std::set<std::string>& held)
      : reader_(reader),
        workspace_id_(std::move(workspace_id)),
        placed_(std::move(placed)),
        held_(held) {}

  /// Plans. Error: the engine does not say what it has.
  Status look(const EngineImages& now);
  std::vector<ImageWaste> found() const;
  void drop();
  /// What the record need not tell any more, if the engine has `now`.
  std::vector<actions::Placed> settled(const EngineImages& now) const;
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  const actions::Placed& engine() const { return placed_.back(); }
  std::string label_of(const std::string& name) const;
  bool is_still(const EngineImages::Row& one) const;
  std::vector<std::string> remaining() const;
  void drop_images();
  void leave(const EngineImages::Row& one, const std::string& why);

  const EngineImagesReader& reader_;
  std::string workspace_id_;
  std::vector<actions::Placed> placed_;
  const std::set<std::string>& held_;
  BuildPlan plan_;
  std::vector<std::string> notes_;
};

/// The names that nodes of the graph give by their builds.
std::set<std::string> held_build_names(Files& files, const std::string& workspace,
                                       const std::string& workspace_id, const Graph& graph);

/// It is not there: that is as good.
bool is_absence(const std::string& said);

}  // namespace devgraph::cli
