#include "engine/actions/oci/layout.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "engine/actions/oci/config.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

// Tools that want a name find this one; what an image is called elsewhere is said when it goes
// there.
constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr const char* kName = "latest";
constexpr std::string_view kVersion = R"({"imageLayoutVersion":"1.0.0"})";
constexpr unsigned kDeepestIndex = 4;  // Of indexes in indexes; real ones have two.

std::string blob_path(const std::string& folder, const Sha256& digest) {
  return fmt::format("{}/blobs/sha256/{}", folder, hex(digest));
}

Result<FoundImage> load_image(const Layout& layout, const Descriptor& descriptor) {
  const Result<std::string> text = layout.document(descriptor);
  if (!text) return std::unexpected(text.error());
  Result<Manifest> manifest = parse_manifest(*text);
  if (!manifest) return std::unexpected(manifest.error());
  Result<std::string> config = layout.document(manifest->config);
  if (!config) return std::unexpected(config.error());
  FoundImage image{descriptor, {}, std::move(*manifest), std::move(*config)};
  const Result<ConfigFacts> facts = read_config(image.config);
  if (!facts) return std::unexpected(facts.error());
  image.platform = descriptor.platform.value_or(facts->platform);
  image.descriptor.platform = image.platform;
  return image;
}

/// Attestations of BuildKit stand among the images, for a platform that nobody has.
bool is_image(const Descriptor& descriptor) {
  return is_manifest(descriptor.media_type) && descriptor.artifact_type.empty() &&
         (!descriptor.platform || descriptor.platform->os != "unknown");
}

Status collect(const Layout& layout, const std::vector<Descriptor>& descriptors, unsigned depth,
               std::vector<FoundImage>& found) {
  for (const Descriptor& one : descriptors) {
    if (is_index(one.media_type)) {
      if (depth == 0) return fail("its indexes are nested too deep");
      const Result<std::string> text = layout.document(one);
      if (!text) return std::unexpected(text.error());
      const Result<Index> index = parse_index(*text);
      if (!index) return std::unexpected(index.error());
      const Status done = collect(layout, index->manifests, depth - 1, found);
      if (!done) return done;
    } else if (is_image(one)) {
      Result<FoundImage> image = load_image(layout, one);
      if (!image) return std::unexpected(image.error());
      found.push_back(std::move(*image));
    }
  }
  return {};
}

}  // namespace

Result<Layout> Layout::open(Files& files, const std::string& folder) {
  Layout layout(files, folder);
  const Result<std::string> text = files.read(folder + "/index.json");
  if (!text) {
    return fail(fmt::format("{} is no OCI layout: it has no readable index.json",
                            printable(base_name(folder))));
  }
  Result<Index> index = parse_index(*text);
  if (!index) return std::unexpected(index.error());
  layout.index_ = std::move(*index);
  return layout;
}

std::string Layout::blob(const Sha256& digest) const {
  return blob_path(folder_, digest);
}

Result<std::string> Layout::document(const Descriptor& descriptor) const {
  if (descriptor.size > kLargestDocument) {
    return fail(fmt::format("document {} has {}, more than 4 MiB", show(descriptor.digest),
                            human_size(descriptor.size)));
  }
  Result<std::string> bytes = files_->read(blob(descriptor.digest));
  if (!bytes) return fail(fmt::format("document {} is not there", show(descriptor.digest)));
  if (bytes->size() != descriptor.size || sha256_of(*bytes) != descriptor.digest) {
    return fail(fmt::format("document {} is damaged", show(descriptor.digest)));
  }
  return bytes;
}

Result<Descriptor> root_of(const Layout& layout) {
  const std::vector<Descriptor>& all = layout.index().manifests;
  std::vector<Descriptor> images;
  for (const Descriptor& one : all) {
    // What refers to an image (an SBOM) is not what the layout is about.
    if (one.artifact_type.empty() && (is_index(one.media_type) || is_manifest(one.media_type))) {
      const auto has_digest = [&](const auto& other) { return other.digest == one.digest; };
      if (std::none_of(images.begin(), images.end(), has_digest)) images.push_back(one);
    }
  }
  if (images.size() == 1) return images[0];
  const std::string name(base_name(layout.folder()));
  if (images.empty()) return fail(fmt::format("the layout {} holds no image", printable(name)));
  return fail(fmt::format("the layout {} holds {} images; it has to be one, or an index of them",
                          printable(name), images.size()));
}

Result<std::vector<FoundImage>> images_of(const Layout& layout) {
  const Result<Descriptor> root = root_of(layout);
  if (!root) return std::unexpected(root.error());
  std::vector<FoundImage> found;
  const Status done = collect(layout, {*root}, kDeepestIndex, found);
  if (!done) return std::unexpected(done.error());
  return found;
}

Result<FoundImage> find_image(const Layout& layout, const Platform& platform) {
  Result<std::vector<FoundImage>> images = images_of(layout);
  if (!images) return std::unexpected(images.error());
  std::string others;
  for (FoundImage& image : *images) {
    if (fits(image.platform, platform)) return std::move(image);
    others += (others.empty() ? "" : ", ") + show(image.platform);
  }
  return fail(fmt::format("the image has nothing for {}; it is for {}", show(platform),
                          others.empty() ? "no platform" : printable(others)));
}

Result<Platform> platform_here() {
  utsname name{};
  ::uname(&name);
  return parse_platform(fmt::format("linux/{}", std::string_view(name.machine)));
}

Result<FoundImage> image_for_here(const Layout& layout) {
  Result<std::vector<FoundImage>> images = images_of(layout);
  if (!images) return std::unexpected(images.error());
  if (images->size() == 1) return std::move(images->front());
  const Result<Platform> here = platform_here();
  if (!here) return std::unexpected(here.error());
  return find_image(layout, *here);
}

Status LayoutWriter::begin() {
  if (Status done = files_.make_folders(folder_ + "/blobs/sha256"); !done) return done;
  return files_.write(folder_ + "/oci-layout", kVersion, 0644, false);
}

Result<Descriptor> LayoutWriter::add_document(std::string_view media_type, std::string_view bytes) {
  Descriptor made = describe(media_type, bytes);
  const Status done = files_.write(blob_path(folder_, made.digest), bytes, 0444, false);
  if (!done) return std::unexpected(done.error());
  return made;
}

Status LayoutWriter::add_blob(const Sha256& digest, const std::string& path) {
  const std::string to = blob_path(folder_, digest);
  const Result<FileStat> there = files_.lstat(to);
  if (!there) return std::unexpected(there.error());
  if (there->exists()) return {};
  if (Status done = files_.share(path, to); !done) return done;
  return files_.chmod(to, 0444);
}

Status LayoutWriter::add_image(const Layout& from, const FoundImage& image) {
  const auto add = [&](const Descriptor& one) {
    return add_blob(one.digest, from.blob(one.digest));
  };
  if (Status done = add(image.descriptor); !done) return done;
  if (Status done = add(image.manifest.config); !done) return done;
  for (const Descriptor& layer : image.manifest.layers) {
    if (is_foreign(layer.media_type)) continue;
    if (Status done = add(layer); !done) return done;
  }
  return {};
}

Status LayoutWriter::add_all(const Layout& from, const Descriptor& descriptor) {
  const Result<std::string> text = from.document(descriptor);
  if (!text) return std::unexpected(text.error());
  if (!is_index(descriptor.media_type)) {
    Result<Manifest> manifest = parse_manifest(*text);
    if (!manifest) return std::unexpected(manifest.error());
    return add_image(from, FoundImage{descriptor, {}, std::move(*manifest), {}});
  }
  const Result<Index> index = parse_index(*text);
  if (!index) return std::unexpected(index.error());
  for (const Descriptor& one : index->manifests) {
    if (Status done = add_all(from, one); !done) return done;
  }
  return add_blob(descriptor.digest, from.blob(descriptor.digest));
}

Result<Descriptor> LayoutWriter::finish_image(Manifest manifest, std::string_view config,
                                              const Platform& platform) {
  Result<Descriptor> stored = add_document(kConfigType, config);
  if (!stored) return stored;
  manifest.config = std::move(*stored);
  const Result<std::string> text = to_json(manifest);
  if (!text) return std::unexpected(text.error());
  Result<Descriptor> root = add_document(kManifestType, *text);
  if (!root) return root;
  root->platform = platform;
  if (Status done = finish(*root); !done) return std::unexpected(done.error());
  return root;
}

Status LayoutWriter::finish(const Descriptor& root, std::vector<Descriptor> further) {
  Index index;
  index.manifests.push_back(root);
  index.manifests[0].annotations[kRefName] = kName;
  for (Descriptor& one : further)
    index.manifests.push_back(std::move(one));
  return write_index(index);
}

Status LayoutWriter::finish_as(const Descriptor& root, const std::vector<std::string>& names) {
  Index index;
  for (const std::string& name : names) {
    index.manifests.push_back(root);
    index.manifests.back().annotations[kRefName] = name;
  }
  return write_index(index);
}

Status LayoutWriter::write_index(const Index& index) {
  const Result<std::string> text = to_json(index);
  if (!text) return std::unexpected(text.error());
  return files_.write(folder_ + "/index.json", *text, 0644, false);
}

}  // namespace devgraph::oci
