#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// Adds what one input holds: an image, or the images of an index.
Status add_images(const Context& context, InputId input, oci::LayoutWriter& writer,
                  std::vector<oci::Descriptor>& platforms) {
  const std::string name = printable(input_name(context, input));
  const Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(input));
  if (!layout) return std::unexpected(layout.error());
  const Result<std::vector<oci::FoundImage>> images = oci::images_of(*layout);
  if (!images) return fail(fmt::format("{}: {}", name, images.error().message));
  for (const oci::FoundImage& image : *images) {
    if (stopped(context)) return interrupted();
    const auto same = std::find_if(platforms.begin(), platforms.end(),
                                   [&](const auto& one) { return one.platform == image.platform; });
    if (same != platforms.end()) {
      return fail(fmt::format("two of the images are for {}: an index holds one for each platform",
                              printable(oci::show(image.platform))));
    }
    oci::Descriptor one = image.descriptor;
    one.annotations.clear();  // The name in its own layout.
    platforms.push_back(std::move(one));
    if (Status done = writer.add_image(*layout, image); !done) return done;
  }
  return {};
}

}  // namespace

/// image_index(images, annotations)
Status run_image_index(const Context& context) {
  oci::LayoutWriter writer(context.files, context.out_path(0));
  if (Status done = writer.begin(); !done) return done;
  oci::Index index;
  for (const InputId input : oci::images_arg(context, "images")) {
    if (Status done = add_images(context, input, writer, index.manifests); !done) return done;
  }
  if (index.manifests.empty()) return fail("`images` is empty: an index needs an image");
  std::sort(
      index.manifests.begin(), index.manifests.end(),
      [](const oci::Descriptor& a, const oci::Descriptor& b) { return a.platform < b.platform; });
  for (const auto& [name, value] : oci::pairs_arg(context, "annotations"))
    index.annotations[name] = value;
  const Result<std::string> text = oci::to_json(index);
  if (!text) return std::unexpected(text.error());
  const Result<oci::Descriptor> root = writer.add_document(oci::kIndexType, *text);
  if (!root) return std::unexpected(root.error());
  if (Status done = writer.finish(*root); !done) return done;
  return oci::write_digest(context, *root);
}

}  // namespace devgraph::actions
