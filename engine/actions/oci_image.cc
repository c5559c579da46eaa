#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/oci/config.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layer.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

struct Below {
  oci::Layout layout;
  oci::FoundImage image;
};

struct Layers {
  std::vector<oci::AddedLayer> added;
  std::vector<oci::LayerFacts> facts;
};

Result<std::optional<Below>> image_below(const Context& context, const oci::Platform& platform) {
  const std::optional<InputId> from = oci::image_arg(context, "from");
  if (!from) return std::nullopt;
  Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(*from));
  if (!layout) return std::unexpected(layout.error());
  Result<oci::FoundImage> image = oci::find_image(*layout, platform);
  if (!image) return std::unexpected(image.error());
  return Below{std::move(*layout), std::move(*image)};
}

Result<Layers> read_layers(const Context& context, oci::LayoutWriter& writer) {
  Layers made;
  for (const InputId input : inputs_arg(context, "layers")) {
    const std::string name = input_name(context, input);
    const std::string path = context.path_of(input);
    const Result<oci::LayerFacts> facts =
        oci::read_layer(context.files, path, [&] { return stopped(context); });
    if (!facts) return fail(fmt::format("layer {}: {}", printable(name), facts.error().message));
    made.facts.push_back(*facts);
    made.added.push_back({facts->diff_id, "devgraph " + printable(name)});
    const Status done = writer.add_blob(facts->descriptor.digest, path);
    if (!done) return std::unexpected(done.error());
  }
  return made;
}

oci::Manifest make_manifest(const Context& context, const std::optional<Below>& below,
                            const Layers& layers) {
  oci::Manifest manifest;
  if (below) {
    for (oci::Descriptor layer : below->image.manifest.layers) {
      layer.media_type = oci::layer_type(layer.media_type);
      manifest.layers.push_back(std::move(layer));
    }
    manifest.annotations["org.opencontainers.image.base.digest"] =
        oci::show(below->image.descriptor.digest);
  }
  for (const oci::LayerFacts& facts : layers.facts)
    manifest.layers.push_back(facts.descriptor);
  manifest.annotations["org.opencontainers.image.created"] = kSourceDateText;
  for (const auto& [name, value] : oci::pairs_arg(context, "annotations"))
    manifest.annotations[name] = value;
  return manifest;
}

}  // namespace

/// oci_image(from, layers, config, platform, annotations)
Status run_oci_image(const Context& context) {
  const Result<oci::Platform> platform = oci::parse_platform(string_arg(context, "platform"));
  if (!platform) return std::unexpected(platform.error());
  const Result<std::optional<Below>> found = image_below(context, *platform);
  if (!found) return std::unexpected(found.error());
  const std::optional<Below>& below = *found;

  oci::LayoutWriter writer(context.files, context.out_path(0));
  if (Status done = writer.begin(); !done) return done;
  if (below) {
    const oci::Manifest& base = below->image.manifest;
    for (const oci::Descriptor& layer : base.layers) {
      if (oci::is_foreign(layer.media_type)) continue;
      const Status done = writer.add_blob(layer.digest, below->layout.blob(layer.digest));
      if (!done) return done;
    }
  }
  const Result<Layers> layers = read_layers(context, writer);
  if (!layers) return std::unexpected(layers.error());

  const Result<std::string> config =
      oci::make_config(below ? below->image.config : std::string(), *platform,
                       oci::config_arg(context, "config"), layers->added);
  if (!config) return std::unexpected(config.error());
  const Result<oci::Descriptor> root =
      writer.finish_image(make_manifest(context, below, *layers), *config, *platform);
  if (!root) return std::unexpected(root.error());
  return oci::write_digest(context, *root);
}

}  // namespace devgraph::actions
