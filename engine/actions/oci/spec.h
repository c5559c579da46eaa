#pragma once
/// The documents of a container image as values: OCI Image Format Specification 1.1 (descriptor.md,
/// manifest.md, image-index.md). Docker's Image Manifest V2 Schema 2 is read, never written.
///
/// What is written has sorted keys and no blanks, so that its bytes are a function of the value.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/result.h"

namespace devgraph::oci {

inline constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kTarType = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kGzipType = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kZstdType = "application/vnd.oci.image.layer.v1.tar+zstd";

/// The largest document that registries have to take (distribution-spec, "Pushing Manifests").
inline constexpr std::uint64_t kLargestDocument = std::uint64_t{4} << 20;

using Annotations = std::map<std::string, std::string>;

struct Platform {
  std::string os;            ///< GOOS.
  std::string architecture;  ///< GOARCH.
  std::string variant;       ///< `v8` of arm64; may be empty.
  friend auto operator<=>(const Platform&, const Platform&) = default;
};

/// `linux/arm64/v8`, in the names of Go; `x86_64` and `aarch64` are taken for amd64 and arm64.
Result<Platform> parse_platform(std::string_view text);
std::string show(const Platform& platform);
/// Whether an image for `have` is one for `want`; a variant counts only if both name one.
bool fits(const Platform& have, const Platform& want);

struct Descriptor {
  std::string media_type;
  Sha256 digest;
  std::uint64_t size = 0;  ///< Bytes.
  std::optional<Platform> platform;
  std::string artifact_type;
  std::vector<std::string> urls;
  Annotations annotations;
};

struct Manifest {
  std::string media_type = std::string(kManifestType);
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;  ///< The lowest first.
  std::optional<Descriptor> subject;
  Annotations annotations;
};

struct Index {
  std::string media_type = std::string(kIndexType);
  std::vector<Descriptor> manifests;
  Annotations annotations;
};

bool is_manifest(std::string_view media_type);
bool is_index(std::string_view media_type);
/// The OCI name of a layer's media type: Docker's own names have the same meaning. What is no layer
/// stays as it is.
std::string layer_type(std::string_view media_type);
/// A layer that is fetched from its own URLs and not kept in registries.
bool is_foreign(std::string_view media_type);

Result<Manifest> parse_manifest(std::string_view text);
Result<Index> parse_index(std::string_view text);
/// Fails only if a text is not UTF-8.
Result<std::string> to_json(const Manifest& manifest);
Result<std::string> to_json(const Index& index);

/// `sha256:<hex>`.
std::string show(const Sha256& digest);
/// Of `sha256:<hex>`; other algorithms are refused by name.
Result<Sha256> parse_oci_digest(std::string_view text);

/// Of some bytes, with their size and digest.
Descriptor describe(std::string_view media_type, std::string_view bytes);

}  // namespace devgraph::oci
