#include "engine/actions/natives.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/sbom.h"

namespace devgraph::actions {

/// image_sbom(image, platform): an SPDX document.
Status run_image_sbom(const Context& context) {
  const std::optional<InputId> input = oci::image_arg(context, "image");
  if (!input) return fail("`image` is missing: it is left out by `allow_failed`");
  const Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(*input));
  if (!layout) return std::unexpected(layout.error());
  const Result<oci::Platform> platform = oci::parse_platform(string_arg(context, "platform"));
  if (!platform) return std::unexpected(platform.error());
  const Result<oci::FoundImage> image = oci::find_image(*layout, *platform);
  if (!image) return std::unexpected(image.error());
  const auto packages = oci::packages_of(context.files, *layout, *image);
  if (!packages) return std::unexpected(packages.error());
  context.log(std::to_string(packages->size()) + " packages");
  return context.files.write(context.out_path(0), oci::spdx_document(image->descriptor, *packages),
                             0644, false);
}

}  // namespace devgraph::actions
