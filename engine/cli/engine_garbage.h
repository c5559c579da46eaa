#pragma once
/// Images that the workspace put into docker and podman and that its graph does not hold.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/engine_record.h"
#include "engine/base/files.h"
#include "engine/cli/spare_images.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// An image, or a name of one, that may go.
struct ImageWaste {
  std::string label;    ///< Of the node that put it there.
  std::string program;  ///< `docker` or `podman`.
  std::string name;     ///< That it got there.
  std::string id;
  bool is_earlier = false;  ///< The name stands for another one by now.
  std::uint64_t bytes = 0;  ///< Zero where the image stays, under names of others.
};

/// Twelve digits, as engines show it.
std::string short_id(std::string_view id);

class EngineGarbage {
 public:
  /// `graph`: of the whole workspace; it and `files` outlive the object.
  EngineGarbage(Files& files, const std::string& workspace, const Graph& graph);

  /// Asks the engines, each once. Error: the record cannot be read.
  Result<std::vector<ImageWaste>> find();
  /// What `find` found. May be repeated after an error or a kill.
  Status drop();
  /// What was left alone and why, a line each; `drop` may add some.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  /// An engine that answers.
  struct Engine {
    std::string program;
    std::vector<actions::Placed> placed;
    ImagePlan plan;
  };

  std::set<std::string> held_names() const;
  void look_at(const std::vector<actions::Placed>& placed);
  Result<EngineImages> list(const std::string& program) const;
  Status measure(Engine& engine, const EngineImages& now);
  bool is_still(const Engine& engine, const SpareImage& one) const;
  void drop_one(const Engine& engine, const SpareImage& one);
  Result<std::string> ask(const std::vector<std::string>& argv) const;

  Files& files_;
  std::string workspace_;
  std::string state_;
  const Graph& graph_;
  std::set<std::string> held_;
  std::vector<Engine> engines_;
  std::vector<ImageWaste> found_;
  std::vector<std::string> notes_;
};

}  // namespace devgraph::cli
