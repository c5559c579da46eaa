#pragma once
/// A folder that holds images: the OCI image layout (image-spec, image-layout.md).

#include <string>
#include <string_view>
#include <vector>

#include "engine/actions/oci/spec.h"
#include "engine/base/files.h"

namespace devgraph::oci {

class Layout {
 public:
  /// `folder`: absolute. Error if it is no layout. `files` outlives the layout.
  static Result<Layout> open(Files& files, const std::string& folder);

  const std::string& folder() const { return folder_; }
  const Index& index() const { return index_; }
  std::string blob(const Sha256& digest) const;
  /// A manifest, index or configuration; its size and digest are checked.
  Result<std::string> document(const Descriptor& descriptor) const;

 private:
  Layout(Files& files, std::string folder) : files_(&files), folder_(std::move(folder)) {}

  Files* files_;
  std::string folder_;
  Index index_;
};

/// The one artifact that the layout is about, under whatever names. Error if it has none, or
/// several.
Result<Descriptor> root_of(const Layout& layout);

/// An image for one platform, by way of indexes.
struct FoundImage {
  Descriptor descriptor;  ///< Of the manifest.
  Platform platform;      ///< As the index or the configuration says it.
  Manifest manifest;
  std::string config;  ///< The document.
};
Result<FoundImage> find_image(const Layout& layout, const Platform& platform);

/// Of this machine.
Result<Platform> platform_here();

/// The only image, or of an index the one for this machine.
Result<FoundImage> image_for_here(const Layout& layout);

/// Every image below the root, indexes followed, in their order; `platform` is set where any
/// document says it.
Result<std::vector<FoundImage>> images_of(const Layout& layout);

/// Fills an empty folder. Blobs are files that nobody may write, so that layouts can share them.
class LayoutWriter {
 public:
  LayoutWriter(Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  Status begin();
  Result<Descriptor> add_document(std::string_view media_type, std::string_view bytes);
  /// A blob whose digest and size are known: shared with `path` if that cannot change, else copied.
  Status add_blob(const Sha256& digest, const std::string& path);
  /// Everything that an image of another layout consists of.
  Status add_image(const Layout& from, const FoundImage& image);
  /// The same of everything that a manifest or index of another layout names.
  Status add_all(const Layout& from, const Descriptor& descriptor);
  /// At last an image whose layers are there: its configuration, its manifest and the index.
  Result<Descriptor> finish_image(Manifest manifest, std::string_view config,
                                  const Platform& platform);
  /// Writes the index of the layout, at last: it makes the folder a layout.
  Status finish(const Descriptor& root, std::vector<Descriptor> further = {});
  /// The same under these names, at least one, in place of `latest`.
  Status finish_as(const Descriptor& root, const std::vector<std::string>& names);

 private:
  Status write_index(const Index& index);

  Files& files_;
  std::string folder_;
};

}  // namespace devgraph::oci
