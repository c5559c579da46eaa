#pragma once
/// What engines say of the images that they have.

#include <string>
#include <vector>

#include "engine/actions/engine_record.h"
#include "engine/base/files.h"
#include "engine/cli/spare_builds.h"
#include "engine/cli/spare_images.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// Twelve digits, as engines show it.
std::string short_id(std::string_view id);

/// `docker`, or `docker at unix:///run/d.sock`.
std::string place_of(const actions::Placed& engine);

/// Asks by the programs `docker` and `podman`.
class EngineImagesReader {
 public:
  /// The arguments outlive the object.
  EngineImagesReader(Files& files, const std::string& workspace, const Graph& graph)
      : files_(files), workspace_(workspace), graph_(graph) {}

  /// Error: why nothing can be said of the engine in which `last` was put.
  Result<EngineImages> list_of(const actions::Placed& last) const;
  Result<EngineImages> list(const std::string& program) const;
  /// Those that carry the label of this workspace.
  Result<std::vector<BuiltImage>> built(const std::string& program,
                                        const std::string& workspace_id) const;
  /// One call of the program: what it printed.
  Result<std::string> ask(const std::vector<std::string>& argv) const;

 private:
  Files& files_;
  const std::string& workspace_;
  const Graph& graph_;
};

/// The words of a line that an engine printed.
std::vector<std::string_view> words_of(std::string_view line);

}  // namespace devgraph::cli
