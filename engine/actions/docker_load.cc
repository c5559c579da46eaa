#include <cstdlib>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/oci/archive.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// The program that speaks to the local engine: docker, or else podman.
Result<std::string> find_engine(const Context& context) {
  const char* path = std::getenv("PATH");
  for (const char* name : {"docker", "podman"}) {
    const std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
    for (const std::string_view folder : split(folders, ':')) {
      if (!folder.starts_with('/')) continue;
      const Result<FileStat> stat = context.files.stat(join_path(folder, name));
      if (stat && stat->kind == FileKind::Regular && stat->executable) return std::string(name);
    }
  }
  return fail("neither docker nor podman is installed");
}

Result<std::string> ask_engine(const Context& context, std::vector<std::string> argv) {
  Program program;
  program.argv = std::move(argv);
  program.folder = context.scratch;
  program.environment = {"LC_ALL=C"};
  for (const char* name :
       {"PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH",
        "DOCKER_TLS_VERIFY", "CONTAINER_HOST", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) program.environment.push_back(fmt::format("{}={}", name, value));
  }
  return run_program(context, program);
}

struct Loaded {
  oci::Layout layout;
  oci::FoundImage image;
  std::vector<std::string> names;
};

Result<Loaded> find_loaded(const Context& context) {
  const std::optional<InputId> input = oci::image_arg(context, "image");
  if (!input) return fail("`image` is missing: it is left out by `allow_failed`");
  Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(*input));
  if (!layout) return std::unexpected(layout.error());
  Result<oci::FoundImage> image = oci::image_for_here(*layout);
  if (!image) return std::unexpected(image.error());
  Loaded loaded{std::move(*layout), std::move(*image), {}};
  for (const std::string_view name : strings_arg(context, "names"))
    loaded.names.emplace_back(name);
  if (loaded.names.empty()) return fail("`names` is empty: an image needs a name to be found by");
  return loaded;
}

/// docker's word for an image is the digest of its configuration, or of its manifest where
/// containerd keeps it.
bool is_id_of(const oci::FoundImage& image, std::string_view id) {
  id = trim(id);
  if (id.starts_with("sha256:")) id.remove_prefix(7);
  return id == hex(image.manifest.config.digest) || id == hex(image.descriptor.digest);
}

/// Whether the engine has this image under this name.
Result<bool> has_name(const Context& context, const std::string& engine, const std::string& name,
                      const oci::FoundImage& image) {
  const Result<std::string> id =
      ask_engine(context, {engine, "image", "inspect", "--format", "{{.Id}}", name});
  if (id) return is_id_of(image, *id);
  const std::string& said = id.error().message;
  const bool absent = said.find("o such image") != std::string::npos ||
                      said.find("image not known") != std::string::npos;
  if (absent) return false;
  return std::unexpected(id.error());
}

}  // namespace

/// docker_load(image, names)
Status run_docker_load(const Context& context) {
  const Result<Loaded> loaded = find_loaded(context);
  if (!loaded) return std::unexpected(loaded.error());
  const Result<std::string> engine = find_engine(context);
  if (!engine) return std::unexpected(engine.error());
  const std::string archive = join_path(context.scratch, "image.tar");
  const Status written =
      oci::write_archive(context.files, loaded->layout, loaded->image,
                         {loaded->names, archive, [&] { return stopped(context); }});
  if (!written) return written;
  const Result<std::string> said = ask_engine(context, {*engine, "load", "-i", archive});
  if (!said) return fail(fmt::format("{} load: {}", *engine, said.error().message));
  for (const std::string& name : loaded->names) {
    const Result<bool> there = has_name(context, *engine, name, loaded->image);
    if (!there) return std::unexpected(there.error());
    if (!*there) return fail(fmt::format("{} load did not make {}", *engine, printable(name)));
    context.log(name);
  }
  std::string text;
  for (const std::string& name : loaded->names)
    text += name + "\n";
  return context.files.write(context.out_path(0), text, 0644, false);
}

Result<bool> holds_docker_load(const Context& context) {
  const Result<Loaded> loaded = find_loaded(context);
  if (!loaded) return std::unexpected(loaded.error());
  const Result<std::string> engine = find_engine(context);
  if (!engine) return std::unexpected(engine.error());
  for (const std::string& name : loaded->names) {
    const Result<bool> there = has_name(context, *engine, name, loaded->image);
    if (!there || !*there) return there;
  }
  return true;
}

}  // namespace devgraph::actions
