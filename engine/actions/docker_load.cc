#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/local_engine.h"
#include "engine/actions/natives.h"
#include "engine/actions/oci/archive.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/image_names.h"
#include "engine/graph/label.h"

namespace devgraph::actions {

namespace {

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
std::vector<std::string> ids_of(const oci::FoundImage& image) {
  return {hex(image.manifest.config.digest), hex(image.descriptor.digest)};
}

/// Whether the engine has this image under this name.
Result<bool> has_name(const Context& context, const std::string& engine, const std::string& name,
                      const oci::FoundImage& image) {
  const Result<std::string> id =
      ask_engine(context, {engine, "image", "inspect", "--format", "{{.Id}}", name});
  if (id) {
    const std::vector<std::string> ids = ids_of(image);
    return std::find(ids.begin(), ids.end(), bare_id(*id)) != ids.end();
  }
  const std::string& said = id.error().message;
  const bool absent = said.find("o such image") != std::string::npos ||
                      said.find("image not known") != std::string::npos;
  if (absent) return false;
  return std::unexpected(id.error());
}

/// Written before the engine is told: what a build that is killed has loaded is known, too.
Status note_loaded(const Context& context, Placed here, const Loaded& loaded) {
  here.label = label_of(context.graph, context.node);
  here.ids = ids_of(loaded.image);
  std::vector<Placed> all;
  for (const std::string& name : loaded.names) {
    all.push_back(here);
    all.back().name = name;
  }
  return note_placed(context.files, join_path(context.workspace, ".devgraph"), all);
}

Status load(const Context& context, const std::string& engine, const Loaded& loaded) {
  const Result<Placed> here = engine_here(context, engine);
  if (!here) return std::unexpected(here.error());
  const std::string archive = join_path(context.scratch, "image.tar");
  std::vector<std::string> names;  // podman takes none without a tag.
  names.reserve(loaded.names.size());
  for (const std::string& name : loaded.names)
    names.push_back(tagged_image_name(name));
  Status done =
      oci::write_archive(context.files, loaded.layout, loaded.image,
                         {names, archive, [&] { return stopped(context); }, is_podman(*here)});
  if (done) done = note_loaded(context, *here, loaded);
  if (!done) return done;
  const Result<std::string> said = ask_engine(context, {engine, "load", "-i", archive});
  return said ? Status() : std::unexpected(said.error());
}

}  // namespace

/// docker_load(image, names)
Status run_docker_load(const Context& context) {
  const Result<Loaded> loaded = find_loaded(context);
  if (!loaded) return std::unexpected(loaded.error());
  const Result<std::string> engine = find_engine(context.files);
  if (!engine) return std::unexpected(engine.error());
  if (const Status done = load(context, *engine, *loaded); !done) {
    return fail(fmt::format("{} load: {}", *engine, done.error().message));
  }
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
  const Result<std::string> engine = find_engine(context.files);
  if (!engine) return std::unexpected(engine.error());
  for (const std::string& name : loaded->names) {
    const Result<bool> there = has_name(context, *engine, name, loaded->image);
    if (!there || !*there) return there;
  }
  return true;
}

}  // namespace devgraph::actions
