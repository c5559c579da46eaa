#pragma once
/// Images that the workspace put into docker and podman, or built there, and that its graph does
/// not hold.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/engine_record.h"
#include "engine/base/files.h"
#include "engine/cli/build_garbage.h"
#include "engine/cli/engine_images.h"
#include "engine/cli/spare_images.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

class EngineGarbage {
 public:
  /// `graph`: of the whole workspace; it and `files` outlive the object.
  EngineGarbage(Files& files, const std::string& workspace, const Graph& graph);

  /// Asks the engines, each once. `is_busy`: something builds, and its layers are no waste. Error:
  /// the record cannot be read.
  Result<std::vector<ImageWaste>> find(bool is_busy);
  /// What `find` found. May be repeated after an error or a kill.
  Status drop();
  /// What was left alone and why, a line each; `drop` may add some.
  std::vector<std::string> notes() const;

 private:
  /// What was put into one engine, the latest last.
  struct Put {
    std::vector<actions::Placed> loaded;  ///< By `docker_load`.
    std::vector<actions::Placed> built;   ///< By builds of Dockerfiles.
  };
  /// An engine that answers.
  struct Engine {
    std::string program;
    std::vector<actions::Placed> placed;
    ImagePlan plan;
    std::optional<BuildGarbage> builds;
  };

  std::set<std::string> held_names() const;
  std::vector<Put> puts_of(const actions::EngineRecord& record) const;
  void look_at(const Put& put);
  Status look_at(Engine& engine, const Put& put, const EngineImages& now);
  Status measure(Engine& engine, const EngineImages& now);
  bool is_still(const Engine& engine, const SpareImage& one) const;
  void drop_one(const Engine& engine, const SpareImage& one);

  Files& files_;
  std::string workspace_;
  std::string state_;
  std::string workspace_id_;
  const Graph& graph_;
  EngineImagesReader reader_;
  std::set<std::string> held_;
  std::set<std::string> held_builds_;
  std::vector<Engine> engines_;
  std::vector<ImageWaste> found_;
  std::vector<std::string> notes_;
};

}  // namespace devgraph::cli
