#include "engine/actions/dockerfile/adopt.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/gzip.h"
#include "engine/actions/oci/config.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/stream.h"
#include "engine/actions/zstd_frame.h"
#include "engine/base/path.h"
#include "engine/base/source_date.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

struct Built {
  oci::Layout layout;
  oci::FoundImage image;
  oci::ConfigFacts facts;
};

Result<Built> open_built(const Context& context, const DockerBuild& build) {
  Result<oci::Layout> layout = oci::Layout::open(context.files, build.made);
  if (!layout) return std::unexpected(layout.error());
  Result<std::vector<oci::FoundImage>> images = oci::images_of(*layout);
  if (!images) return std::unexpected(images.error());
  if (images->size() != 1) return fail("the engine built several images");
  oci::FoundImage image = std::move(images->front());
  Result<oci::ConfigFacts> facts = oci::read_config(image.config);
  if (!facts) return std::unexpected(facts.error());
  const oci::ConfigFacts& found = *facts;
  if (!oci::fits(found.platform, build.platform)) {
    return fail(fmt::format("the engine built for {}, not for {}",
                            printable(oci::show(found.platform)), oci::show(build.platform)));
  }
  if (found.diff_ids.size() != image.manifest.layers.size()) {
    return fail("the image that the engine built is damaged");
  }
  return Built{std::move(*layout), std::move(image), std::move(*facts)};
}

/// The image below with the most layers, if any of those that were given is below.
Result<const NamedImage*> image_below(const DockerBuild& build, const Built& built) {
  const NamedImage* best = nullptr;
  std::size_t most = 0;
  for (const NamedImage& one : build.images) {
    const Result<oci::ConfigFacts> facts = oci::read_config(one.image.config);
    if (!facts) return std::unexpected(facts.error());
    const std::vector<Sha256>& below = facts->diff_ids;
    const std::vector<Sha256>& all = built.facts.diff_ids;
    const bool is_below = below.size() >= most && below.size() <= all.size() && !below.empty() &&
                          below.size() == one.image.manifest.layers.size() &&
                          std::equal(below.begin(), below.end(), all.begin());
    if (!is_below) continue;
    best = &one;
    most = below.size();
  }
  return best;
}

/// A layer as it is kept: engines give them plain.
Result<oci::Descriptor> pack(const Context& context, const Built& built,
                             const oci::Descriptor& plain, oci::LayoutWriter& writer) {
  const bool as_gzip = string_arg(context, "compress") == "gzip";
  const Result<std::unique_ptr<MappedFile>> file =
      context.files.map(built.layout.blob(plain.digest));
  if (!file) return std::unexpected(file.error());
  const std::string path = join_path(context.scratch, "layer");
  if (Status done = context.files.remove_all(path); !done) return std::unexpected(done.error());
  Result<OutStream> out = OutStream::create(context.files, path);
  if (!out) return std::unexpected(out.error());
  const std::string_view bytes = (*file)->bytes();
  Status done =
      as_gzip ? gzip(context, bytes, *out, kGzipFast) : zstd(context, bytes, *out, kZstdFast);
  if (done) done = out->finish();
  if (!done) return std::unexpected(done.error());
  const Result<FileHash> hash = context.files.hash(path, true);
  if (!hash) return std::unexpected(hash.error());
  const FileHash& found = *hash;
  oci::Descriptor made;
  made.media_type = as_gzip ? oci::kGzipType : oci::kZstdType;
  made.digest = found.sha.value_or(Sha256());
  made.size = found.stat.size;
  if (done = writer.add_blob(made.digest, path); !done) return std::unexpected(done.error());
  return made;
}

Result<oci::Manifest> take_layers(const Context& context, const Built& built,
                                  const NamedImage* below, oci::LayoutWriter& writer) {
  oci::Manifest manifest;
  if (below != nullptr) {
    for (oci::Descriptor layer : below->image.manifest.layers) {
      layer.media_type = oci::layer_type(layer.media_type);
      manifest.layers.push_back(std::move(layer));
      const oci::Descriptor& added = manifest.layers.back();
      if (oci::is_foreign(added.media_type)) continue;
      const Status done = writer.add_blob(added.digest, below->layout.blob(added.digest));
      if (!done) return std::unexpected(done.error());
    }
    manifest.annotations["org.opencontainers.image.base.digest"] =
        oci::show(below->image.descriptor.digest);
  }
  for (std::size_t i = manifest.layers.size(); i < built.image.manifest.layers.size(); ++i) {
    if (stopped(context)) return interrupted();
    Result<oci::Descriptor> layer = pack(context, built, built.image.manifest.layers[i], writer);
    if (!layer) return std::unexpected(layer.error());
    manifest.layers.push_back(*std::move(layer));
  }
  manifest.annotations["org.opencontainers.image.created"] = kSourceDateText;
  return manifest;
}

}  // namespace

Status adopt_image(const Context& context, const DockerBuild& build) {
  const Result<Built> found = open_built(context, build);
  if (!found) return std::unexpected(found.error());
  const Built& built = *found;
  const Result<const NamedImage*> below = image_below(build, built);
  if (!below) return std::unexpected(below.error());
  oci::LayoutWriter writer(context.files, context.out_path(0));
  if (Status done = writer.begin(); !done) return done;
  Result<oci::Manifest> manifest = take_layers(context, built, *below, writer);
  if (!manifest) return std::unexpected(manifest.error());
  const Result<std::string> config = oci::settled_config(
      built.image.config, *below == nullptr ? std::string_view() : (*below)->image.config);
  if (!config) return std::unexpected(config.error());
  const Result<oci::Descriptor> root =
      writer.finish_image(std::move(*manifest), *config, build.platform);
  if (!root) return std::unexpected(root.error());
  return oci::write_digest(context, *root);
}

}  // namespace devgraph::actions
