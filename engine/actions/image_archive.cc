#include "engine/actions/natives.h"
#include "engine/actions/oci/archive.h"
#include "engine/actions/oci/image_arg.h"

namespace devgraph::actions {

/// image_archive(image, names, platform)
Status run_image_archive(const Context& context) {
  const std::optional<InputId> input = oci::image_arg(context, "image");
  if (!input) return fail("`image` is missing: it is left out by `allow_failed`");
  const Result<oci::Platform> platform = oci::parse_platform(string_arg(context, "platform"));
  if (!platform) return std::unexpected(platform.error());
  const Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(*input));
  if (!layout) return std::unexpected(layout.error());
  const Result<oci::FoundImage> image = oci::find_image(*layout, *platform);
  if (!image) return std::unexpected(image.error());
  oci::ArchiveGoal goal;
  for (const std::string_view name : strings_arg(context, "names"))
    goal.names.emplace_back(name);
  goal.path = context.out_path(0);
  goal.stopped = [&] { return stopped(context); };
  return oci::write_archive(context.files, *layout, *image, goal);
}

}  // namespace devgraph::actions
