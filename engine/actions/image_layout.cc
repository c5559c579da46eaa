#include "engine/actions/natives.h"
#include "engine/actions/oci/archive.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"

namespace devgraph::actions {

namespace {

Status check_layers(const Context& context, const oci::Layout& from, const oci::FoundImage& image) {
  for (const oci::Descriptor& layer : image.manifest.layers) {
    if (stopped(context)) return interrupted();
    if (oci::is_foreign(layer.media_type)) continue;
    const Result<FileHash> hash = context.files.hash(from.blob(layer.digest), true);
    if (!hash) return std::unexpected(hash.error());
    if (hash->sha != layer.digest || hash->stat.size != layer.size) {
      return fail("its layer " + oci::show(layer.digest) + " is damaged");
    }
  }
  return {};
}

/// Copies what a layout is about, blob by blob, each held against its digest.
Result<oci::Descriptor> copy_layout(const Context& context, const std::string& folder,
                                    oci::LayoutWriter& writer) {
  const Result<oci::Layout> from = oci::Layout::open(context.files, folder);
  if (!from) return std::unexpected(from.error());
  const Result<oci::Descriptor> root = oci::root_of(*from);
  if (!root) return std::unexpected(root.error());
  const Result<std::vector<oci::FoundImage>> images = oci::images_of(*from);
  if (!images) return std::unexpected(images.error());
  for (const oci::FoundImage& image : *images) {
    if (Status done = check_layers(context, *from, image); !done) {
      return std::unexpected(done.error());
    }
  }
  // An index may name more than images, attestations for instance.
  if (Status done = writer.add_all(*from, *root); !done) return std::unexpected(done.error());
  oci::Descriptor made = *root;
  made.annotations.clear();
  return made;
}

}  // namespace

/// image_layout(tree): an OCI layout, or what `docker save` wrote, unpacked.
Status run_image_layout(const Context& context) {
  const std::vector<InputId> trees = inputs_arg(context, "tree");
  if (trees.size() != 1) return fail("`tree` is missing: it is left out by `allow_failed`");
  const std::string folder = context.path_of(trees[0]);
  oci::LayoutWriter writer(context.files, context.out_path(0));
  if (Status done = writer.begin(); !done) return done;
  const Result<FileStat> index = context.files.stat(folder + "/index.json");
  if (!index) return std::unexpected(index.error());
  const Result<oci::Descriptor> root =
      index->exists() ? copy_layout(context, folder, writer)
                      : oci::import_docker_archive(context.files, folder, writer,
                                                   [&] { return stopped(context); });
  if (!root) return std::unexpected(root.error());
  if (Status done = writer.finish(*root); !done) return done;
  return oci::write_digest(context, *root);
}

}  // namespace devgraph::actions
