#pragma once
/// The programs that build Dockerfiles, each behind the same function.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/oci/layout.h"

namespace devgraph::actions {

/// An image that the Dockerfile names.
struct NamedImage {
  std::string name;  ///< As in `FROM base`.
  oci::Layout layout;
  oci::FoundImage image;  ///< Of it, for the platform that is built.
};

struct DockerBuild {
  std::string engine;      ///< `buildah`, `podman`, `docker` or `buildkit`.
  std::string context;     ///< A folder, absolute; here and below.
  std::string dockerfile;  ///< A file.
  std::string target;      ///< A stage; empty: the last one.
  oci::Platform platform;
  std::vector<NamedImage> images;
  std::vector<std::pair<std::string, std::string>> args;
  std::vector<std::pair<std::string, std::string>> secrets;  ///< Id, and the file that holds it.
  bool is_again = false;  ///< A failed build, up to where it failed: the workspace may be in use.
  std::string made;  ///< Where the layout of the result is written, a folder that is not there yet.
};

/// Runs the build, whose output is logged as it comes.
Status build_with_buildah(const Context& context, const DockerBuild& build);  ///< Or podman.
Status build_with_docker(const Context& context, const DockerBuild& build);
Status build_with_buildkit(const Context& context, const DockerBuild& build);

/// Makes a layout of an archive as `docker save` writes it, and removes the archive.
Status take_archive(const Context& context, const std::string& archive, const std::string& made);

/// Of this process's environment what an engine needs, and nothing that would get into an image.
std::vector<std::string> engine_environment();
/// `id=ID,src=FILE` each, for `--secret`.
std::vector<std::string> build_secrets(const DockerBuild& build);
/// `NAME=value` each, for `--build-arg`; SOURCE_DATE_EPOCH is among them if the file asks for it.
Result<std::vector<std::string>> build_args(const Context& context, const DockerBuild& build);

}  // namespace devgraph::actions
