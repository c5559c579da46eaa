#include "engine/actions/dockerfile/engine.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "engine/actions/oci/archive.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/source_date.h"

namespace devgraph::actions {

std::vector<std::string> engine_environment() {
  // No proxies: an image that is built behind one must not differ. They are given in `args`.
  std::vector<std::string> made = {"LC_ALL=C"};
  for (const char* name :
       {"PATH", "HOME", "USER", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_HOST",
        "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
        "REGISTRY_AUTH_FILE", "CONTAINERS_CONF", "CONTAINERS_REGISTRIES_CONF", "CONTAINER_HOST",
        "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) made.push_back(fmt::format("{}={}", name, value));
  }
  return made;
}

Status take_archive(const Context& context, const std::string& archive, const std::string& made) {
  const std::string folder = join_path(context.scratch, "saved");
  if (Status done = context.files.make_folders(folder); !done) return done;
  Program tar;
  tar.argv = {"tar", "--extract", "--file=" + archive, "--directory=" + folder};
  tar.environment = engine_environment();
  tar.folder = context.scratch;
  if (const Result<std::string> said = run_program(context, tar); !said) {
    return std::unexpected(said.error());
  }
  if (Status done = context.files.remove(archive); !done) return done;
  oci::LayoutWriter writer(context.files, made);
  if (Status done = writer.begin(); !done) return done;
  const Result<oci::Descriptor> root =
      oci::import_docker_archive(context.files, folder, writer, [&] { return stopped(context); });
  if (!root) return std::unexpected(root.error());
  return writer.finish(*root);
}

std::vector<std::string> build_secrets(const DockerBuild& build) {
  std::vector<std::string> words;
  for (const auto& [id, file] : build.secrets)
    words.push_back(fmt::format("id={},src={}", id, file));
  return words;
}

Result<std::vector<std::string>> build_args(const Context& context, const DockerBuild& build) {
  const Result<std::string> text = context.files.read(build.dockerfile);
  if (!text) return std::unexpected(text.error());
  std::vector<std::string> made;
  const std::string_view epoch = "SOURCE_DATE_EPOCH";
  bool has_epoch = text->find(epoch) == std::string::npos;
  for (const auto& [name, value] : build.args) {
    has_epoch = has_epoch || name == epoch;
    made.push_back(fmt::format("{}={}", name, value));
  }
  if (!has_epoch) made.push_back(fmt::format("{}={}", epoch, kSourceDate));
  return made;
}

}  // namespace devgraph::actions
