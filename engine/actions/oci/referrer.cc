#include "engine/actions/oci/referrer.h"

#include <algorithm>

#include "engine/base/source_date.h"

namespace devgraph::oci {

namespace {

// What stands where an artifact has no configuration (image-spec, manifest.md).
constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
constexpr std::string_view kEmpty = "{}";

std::unexpected<Refusal> refusal(const Error& error) {
  return std::unexpected(Refusal{error.message});
}

/// What the specification calls the fallback: an index under a tag made of the subject's digest.
Reply<void> list_by_tag(Registry& registry, const std::string& repository,
                        const Descriptor& subject, const Descriptor& added) {
  const std::string tag = "sha256-" + hex(subject.digest);
  Index index;
  const Reply<std::optional<Descriptor>> there = registry.head_manifest(repository, tag);
  if (!there) return std::unexpected(there.error());
  if (there->has_value()) {
    const Reply<Registry::Document> old = registry.get_manifest(repository, tag);
    if (!old) return std::unexpected(old.error());
    Result<Index> parsed = parse_index(old->bytes);
    if (!parsed) return refusal(parsed.error());
    index = std::move(*parsed);
  }
  const bool known = std::any_of(index.manifests.begin(), index.manifests.end(),
                                 [&](const auto& one) { return one.digest == added.digest; });
  if (known) return {};
  index.manifests.push_back(added);
  const Result<std::string> text = to_json(index);
  if (!text) return refusal(text.error());
  return registry.push_manifest(repository, tag, kIndexType, *text);
}

}  // namespace

Reply<void> attach_document(Registry& registry, const std::string& repository,
                            const Descriptor& subject, std::string_view media_type,
                            std::string_view document) {
  Manifest manifest;
  manifest.artifact_type = media_type;
  manifest.config = describe(kEmptyType, kEmpty);
  manifest.layers = {describe(media_type, document)};
  manifest.subject = Descriptor{};
  manifest.subject->media_type = subject.media_type;
  manifest.subject->digest = subject.digest;
  manifest.subject->size = subject.size;
  manifest.annotations["org.opencontainers.image.created"] = kSourceDateText;
  const Result<std::string> text = to_json(manifest);
  if (!text) return refusal(text.error());
  Descriptor made = describe(kManifestType, *text);
  made.artifact_type = media_type;
  made.annotations = manifest.annotations;

  const auto there = registry.head_manifest(repository, show(made.digest));
  if (!there) return std::unexpected(there.error());
  if (!there->has_value()) {
    const auto config = registry.push_blob(repository, manifest.config.digest, kEmpty);
    if (!config) return std::unexpected(config.error());
    const auto content = registry.push_blob(repository, manifest.layers[0].digest, document);
    if (!content) return std::unexpected(content.error());
    const auto done = registry.push_manifest(repository, show(made.digest), kManifestType, *text);
    if (!done) return done;
  }
  const Reply<bool> lists = registry.lists_referrers(repository, subject.digest);
  if (!lists) return std::unexpected(lists.error());
  return *lists ? Reply<void>() : list_by_tag(registry, repository, subject, made);
}

}  // namespace devgraph::oci
