#include "engine/actions/dockerfile/marked.h"

#include "engine/actions/oci/config.h"

namespace devgraph::actions {

Status write_marked(const Context& context, const NamedImage& image, const std::string& folder) {
  oci::LayoutWriter writer(context.files, folder);
  if (Status done = writer.begin(); !done) return done;
  oci::Manifest manifest = image.image.manifest;
  for (oci::Descriptor& layer : manifest.layers) {
    layer.media_type = oci::layer_type(layer.media_type);
    if (oci::is_foreign(layer.media_type)) continue;
    const Status done = writer.add_blob(layer.digest, image.layout.blob(layer.digest));
    if (!done) return done;
  }
  const Result<std::string> config =
      oci::marked_config(image.image.config, hex(manifest.config.digest));
  if (!config) return std::unexpected(config.error());
  const Result<oci::Descriptor> root =
      writer.finish_image(std::move(manifest), *config, image.image.platform);
  return root ? Status() : Status(std::unexpected(root.error()));
}

}  // namespace devgraph::actions
