#include "engine/actions/oci/spec.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace devgraph::oci {

namespace {

using nlohmann::json;

constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";

struct Alias {
  std::string_view docker;
  std::string_view oci;
};
constexpr std::array<Alias, 5> kLayerTypes{{
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", kGzipType},
    {"application/vnd.docker.image.rootfs.diff.tar", kTarType},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", kZstdType},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
     "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar",
     "application/vnd.oci.image.layer.nondistributable.v1.tar"},
}};

/// Thrown inside this file only, as nlohmann's own exceptions are.
struct Wrong {
  std::string message;
};

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  if (!found->is_string()) throw Wrong{fmt::format("`{}` is no text", key)};
  return found->get<std::string>();
}

Annotations annotations_of(const json& object) {
  Annotations made;
  const auto found = object.find("annotations");
  if (found == object.end() || found->is_null()) return made;
  if (!found->is_object()) throw Wrong{"`annotations` is no object"};
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) throw Wrong{fmt::format("annotation `{}` is no text", key)};
    made.emplace(key, value.get<std::string>());
  }
  return made;
}

std::optional<Platform> platform_of(const json& object) {
  const auto found = object.find("platform");
  if (found == object.end() || !found->is_object()) return std::nullopt;
  return Platform{text_of(*found, "os"), text_of(*found, "architecture"),
                  text_of(*found, "variant")};
}

Descriptor descriptor_of(const json& object) {
  if (!object.is_object()) throw Wrong{"a descriptor is no object"};
  Descriptor made;
  made.media_type = text_of(object, "mediaType");
  const Result<Sha256> digest = parse_oci_digest(text_of(object, "digest"));
  if (!digest) throw Wrong{digest.error().message};
  made.digest = *digest;
  const auto size = object.find("size");
  if (size == object.end() || !size->is_number_unsigned()) {
    throw Wrong{"a descriptor has no `size`"};
  }
  made.size = size->get<std::uint64_t>();
  made.platform = platform_of(object);
  made.artifact_type = text_of(object, "artifactType");
  made.annotations = annotations_of(object);
  const auto urls = object.find("urls");
  if (urls != object.end() && urls->is_array()) {
    for (const json& url : *urls) {
      if (url.is_string()) made.urls.push_back(url.get<std::string>());
    }
  }
  return made;
}

std::vector<Descriptor> descriptors_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  if (!found->is_array()) throw Wrong{fmt::format("`{}` is no list", key)};
  std::vector<Descriptor> made;
  for (const json& one : *found)
    made.push_back(descriptor_of(one));
  return made;
}

json to_object(const Platform& platform) {
  json made = {{"os", platform.os}, {"architecture", platform.architecture}};
  if (!platform.variant.empty()) made["variant"] = platform.variant;
  return made;
}

json to_object(const Descriptor& descriptor) {
  json made = {{"mediaType", descriptor.media_type},
               {"digest", show(descriptor.digest)},
               {"size", descriptor.size}};
  if (descriptor.platform) made["platform"] = to_object(*descriptor.platform);
  if (!descriptor.artifact_type.empty()) made["artifactType"] = descriptor.artifact_type;
  if (!descriptor.urls.empty()) made["urls"] = descriptor.urls;
  if (!descriptor.annotations.empty()) made["annotations"] = descriptor.annotations;
  return made;
}

json to_list(const std::vector<Descriptor>& descriptors) {
  json made = json::array();
  for (const Descriptor& one : descriptors)
    made.push_back(to_object(one));
  return made;
}

/// Calls `read` with the parsed text; what it throws becomes an error about `what`.
template <class Read>
auto parsed(std::string_view text, std::string_view what, Read read)
    -> Result<decltype(read(json()))> {
  try {
    const json document = json::parse(text);
    if (!document.is_object()) return fail(fmt::format("{} is no JSON object", what));
    return read(document);
  } catch (const Wrong& wrong) {
    return fail(fmt::format("{} is damaged: {}", what, printable(wrong.message)));
  } catch (const json::exception&) {
    return fail(fmt::format("{} is no JSON", what));
  }
}

Result<std::string> dumped(const json& document) {
  try {
    return document.dump();
  } catch (const json::exception&) {
    return fail("a label, annotation or other text of the image is not UTF-8");
  }
}

}  // namespace

Result<Platform> parse_platform(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  const bool good = (parts.size() == 2 || parts.size() == 3) && !parts[0].empty() &&
                    !parts[1].empty() && !parts.back().empty();
  if (!good) {
    return fail(
        fmt::format("`{}` is no platform; write `linux/amd64` or `linux/arm64`", printable(text)));
  }
  Platform made{std::string(parts[0]), std::string(parts[1]),
                parts.size() == 3 ? std::string(parts[2]) : std::string()};
  if (made.architecture == "x86_64") made.architecture = "amd64";
  if (made.architecture == "aarch64") made.architecture = "arm64";
  // All 64-bit ARM is v8 (platforms.md of the image-spec): one name for one thing.
  if (made.architecture == "arm64" && made.variant == "v8") made.variant.clear();
  return made;
}

std::string show(const Platform& platform) {
  std::string made = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) made += "/" + platform.variant;
  return made;
}

bool fits(const Platform& have, const Platform& want) {
  if (have.os != want.os || have.architecture != want.architecture) return false;
  return have.variant.empty() || want.variant.empty() || have.variant == want.variant;
}

bool is_manifest(std::string_view media_type) {
  return media_type == kManifestType || media_type == kDockerManifest;
}

bool is_index(std::string_view media_type) {
  return media_type == kIndexType || media_type == kDockerList;
}

std::string layer_type(std::string_view media_type) {
  for (const Alias& alias : kLayerTypes) {
    if (alias.docker == media_type) return std::string(alias.oci);
  }
  return std::string(media_type);
}

bool is_foreign(std::string_view media_type) {
  return layer_type(media_type).find("nondistributable") != std::string::npos;
}

Result<Manifest> parse_manifest(std::string_view text) {
  return parsed(text, "the image manifest", [](const json& document) {
    Manifest made;
    made.media_type = text_of(document, "mediaType");
    if (made.media_type.empty()) made.media_type = kManifestType;
    made.artifact_type = text_of(document, "artifactType");
    const auto config = document.find("config");
    if (config == document.end()) throw Wrong{"it has no `config`"};
    made.config = descriptor_of(*config);
    made.layers = descriptors_of(document, "layers");
    const auto subject = document.find("subject");
    if (subject != document.end() && subject->is_object()) made.subject = descriptor_of(*subject);
    made.annotations = annotations_of(document);
    return made;
  });
}

Result<Index> parse_index(std::string_view text) {
  return parsed(text, "the image index", [](const json& document) {
    Index made;
    made.media_type = text_of(document, "mediaType");
    if (made.media_type.empty()) made.media_type = kIndexType;
    made.manifests = descriptors_of(document, "manifests");
    made.annotations = annotations_of(document);
    return made;
  });
}

Result<std::string> to_json(const Manifest& manifest) {
  json made = {{"schemaVersion", 2},
               {"mediaType", manifest.media_type},
               {"config", to_object(manifest.config)},
               {"layers", to_list(manifest.layers)}};
  if (!manifest.artifact_type.empty()) made["artifactType"] = manifest.artifact_type;
  if (manifest.subject) made["subject"] = to_object(*manifest.subject);
  if (!manifest.annotations.empty()) made["annotations"] = manifest.annotations;
  return dumped(made);
}

Result<std::string> to_json(const Index& index) {
  json made = {{"schemaVersion", 2},
               {"mediaType", index.media_type},
               {"manifests", to_list(index.manifests)}};
  if (!index.annotations.empty()) made["annotations"] = index.annotations;
  return dumped(made);
}

std::string show(const Sha256& digest) {
  return "sha256:" + hex(digest);
}

Result<Sha256> parse_oci_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (text.starts_with(kPrefix)) {
    if (const std::optional<Sha256> digest = parse_sha256(text.substr(kPrefix.size()))) {
      return *digest;
    }
  }
  return fail(fmt::format("`{}` is no digest that is known here: sha256: and 64 hex digits",
                          printable(text)));
}

Descriptor describe(std::string_view media_type, std::string_view bytes) {
  Descriptor made;
  made.media_type = media_type;
  made.digest = sha256_of(bytes);
  made.size = bytes.size();
  return made;
}

}  // namespace devgraph::oci
