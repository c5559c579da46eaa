#include <fmt/format.h>

#include "engine/actions/dockerfile/adopt.h"
#include "engine/actions/dockerfile/again.h"
#include "engine/actions/dockerfile/engine.h"
#include "engine/actions/dockerfile/staging.h"
#include "engine/actions/natives.h"
#include "engine/actions/oci/config.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Status write_dockerfile(const Context& context, const std::string& path) {
  if (const std::optional<std::string_view> text = optional_string(context, "text")) {
    return context.files.write(path, *text, 0644, false);
  }
  const std::vector<InputId> built = inputs_arg(context, "dockerfile");
  if (built.size() != 1) return fail("`dockerfile` is missing: it is left out by `allow_failed`");
  return context.files.copy(context.path_of(built[0]), path);
}

/// An image whose configuration has ONBUILD steps reads files that nobody here knows of.
Status refuse_triggers(const NamedImage& image) {
  const Result<oci::ConfigFacts> facts = oci::read_config(image.image.config);
  if (!facts) return std::unexpected(facts.error());
  if (!facts->has_triggers) return {};
  return fail(
      fmt::format("the image `{}` has ONBUILD instructions, which devgraph does not follow: "
                  "write them into the Dockerfile",
                  printable(image.name)));
}

Status find_images(const Context& context, DockerBuild& build) {
  const std::vector<std::string_view> names = strings_arg(context, "names");
  const std::vector<InputId> layouts = oci::images_arg(context, "images");
  if (names.size() != layouts.size()) {
    return fail("an image of `images` is missing: it is left out by `allow_failed`");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(layouts[i]));
    if (!layout) return std::unexpected(layout.error());
    Result<oci::FoundImage> image = oci::find_image(*layout, build.platform);
    if (!image) {
      return fail(fmt::format("the image `{}`: {}", printable(names[i]), image.error().message));
    }
    build.images.push_back({std::string(names[i]), std::move(*layout), std::move(*image)});
    if (Status done = refuse_triggers(build.images.back()); !done) return done;
  }
  return {};
}

/// All that does not depend on where the context and the Dockerfile lie.
Result<DockerBuild> prepare(const Context& context) {
  const Result<oci::Platform> platform = oci::parse_platform(string_arg(context, "platform"));
  if (!platform) return std::unexpected(platform.error());
  DockerBuild build;
  build.engine = std::string(string_arg(context, "engine"));
  build.platform = *platform;
  build.args = oci::pairs_arg(context, "args");
  for (const auto& [id, name] : secrets_arg(context, "secrets")) {
    Result<std::string> file = context.secret_file(name);
    if (!file) return std::unexpected(file.error());
    build.secrets.emplace_back(id, *std::move(file));
  }
  build.made = join_path(context.scratch, "built");
  if (Status done = find_images(context, build); !done) return std::unexpected(done.error());
  return build;
}

Status build_and_adopt(const Context& context, const DockerBuild& build) {
  const Status done = build.engine == "docker"     ? build_with_docker(context, build)
                      : build.engine == "buildkit" ? build_with_buildkit(context, build)
                                                   : build_with_buildah(context, build);
  if (!done) return done;
  if (stopped(context)) return interrupted();
  return adopt_image(context, build);
}

}  // namespace

/// dockerfile(context, text or dockerfile and target, names, images, args, secrets, platform,
/// limit, follow_links, engine)
Status run_dockerfile(const Context& context) {
  Result<DockerBuild> build = prepare(context);
  if (!build) return std::unexpected(build.error());
  build->target = std::string(string_arg(context, "target"));
  build->context = join_path(context.scratch, "context");
  build->dockerfile = join_path(context.scratch, "Dockerfile");
  if (Status done = write_dockerfile(context, build->dockerfile); !done) return done;
  if (Status done = stage_context(context, build->context); !done) return done;
  return build_and_adopt(context, *build);
}

Status build_again(const Context& context, const std::string& dockerfile,
                   const std::string& files) {
  Result<DockerBuild> build = prepare(context);
  if (!build) return std::unexpected(build.error());
  build->is_again = true;
  build->context = files;
  build->dockerfile = dockerfile;
  return build_and_adopt(context, *build);
}

}  // namespace devgraph::actions
