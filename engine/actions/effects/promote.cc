#include <set>

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/image_names.h"
#include "engine/actions/oci/spec.h"
#include "engine/actions/stream.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr unsigned kDeepest = 4;  // Indexes within indexes.

/// An image in a registry.
struct Origin {
  std::shared_ptr<oci::Registry> registry;
  std::string repository;
  Sha256 digest{};
};

/// Gives a name to what a registry has: where it is the same repository, without a single blob.
class PromoteStep final : public NameStep {
 public:
  PromoteStep(const Context& context, StepFacts facts, const ImageName& name,
              std::shared_ptr<oci::Registry> registry, Origin origin)
      : NameStep(std::move(facts), name, std::move(registry)),
        context_(context),
        origin_(std::move(origin)) {}

  Status apply() override {
    const auto document =
        origin_.registry->get_manifest(origin_.repository, oci::show(origin_.digest));
    if (!document) return std::unexpected(document.error().error());
    if (const Status done = copy_parts(*document, kDeepest); !done) return done;
    return put(*document, name().tag);
  }

 private:
  bool is_same_place() {
    return origin_.registry->host() == registry().host() && origin_.repository == name().repository;
  }
  Status put(const oci::Registry::Document& document, const std::string& as) {
    const auto done = registry().push_manifest(name().repository, as,
                                               document.descriptor.media_type, document.bytes);
    return done ? Status() : std::unexpected(done.error().error());
  }
  Status copy_parts(const oci::Registry::Document& document, unsigned depth);
  Status copy_manifest(const oci::Descriptor& descriptor, unsigned depth);
  Status copy_blob(const oci::Descriptor& blob);

  const Context& context_;
  Origin origin_;
};

/// All that a manifest or index names.
Status PromoteStep::copy_parts(const oci::Registry::Document& document, unsigned depth) {
  if (is_same_place()) return {};
  if (oci::is_index(document.descriptor.media_type)) {
    if (depth == 0) return fail("its indexes are nested too deep");
    const Result<oci::Index> index = oci::parse_index(document.bytes);
    if (!index) return std::unexpected(index.error());
    for (const oci::Descriptor& one : index->manifests) {
      if (const Status done = copy_manifest(one, depth - 1); !done) return done;
    }
    return {};
  }
  const Result<oci::Manifest> manifest = oci::parse_manifest(document.bytes);
  if (!manifest) return std::unexpected(manifest.error());
  if (const Status done = copy_blob(manifest->config); !done) return done;
  for (const oci::Descriptor& layer : manifest->layers) {
    if (const Status done = copy_blob(layer); !done) return done;
  }
  return {};
}

Status PromoteStep::copy_manifest(const oci::Descriptor& descriptor, unsigned depth) {
  const std::string digest = oci::show(descriptor.digest);
  const auto document = origin_.registry->get_manifest(origin_.repository, digest);
  if (!document) return std::unexpected(document.error().error());
  if (const Status done = copy_parts(*document, depth); !done) return done;
  return put(*document, digest);
}

Status PromoteStep::copy_blob(const oci::Descriptor& blob) {
  if (oci::is_foreign(blob.media_type)) return {};
  if (stopped(context_)) return interrupted();
  const auto there = registry().has_blob(name().repository, blob.digest);
  if (!there) return std::unexpected(there.error().error());
  if (*there) return {};
  if (origin_.registry->host() == registry().host()) {
    const auto mounted = registry().mount_blob(name().repository, blob.digest, origin_.repository);
    if (mounted && *mounted) return {};
  }
  const std::string path = join_path(context_.scratch, "blob");
  if (const Status done = context_.files.remove(path); !done) return done;
  Result<OutStream> out = OutStream::create(context_.files, path);
  if (!out) return std::unexpected(out.error());
  const auto got = origin_.registry->get_blob(
      origin_.repository, blob, [&](std::string_view block) { return out->write(block); });
  if (!got) return std::unexpected(got.error().error());
  if (const Status done = out->finish(); !done) return done;
  const Result<std::unique_ptr<MappedFile>> file = context_.files.map(path);
  if (!file) return std::unexpected(file.error());
  const auto sent = registry().push_blob(name().repository, blob.digest, (*file)->bytes());
  if (!sent) return std::unexpected(sent.error().error());
  return context_.files.remove(path);
}

/// What `ref` says: of several lines the first, as all are the same image.
Result<oci::Reference> read_ref(const Context& context) {
  const std::vector<InputId> ref = inputs_arg(context, "ref");
  if (ref.empty()) return fail("`ref` is missing");
  const Result<std::string> text = context.files.read(context.path_of(ref[0]));
  if (!text) return std::unexpected(text.error());
  return oci::parse_reference(trim(text->substr(0, text->find('\n'))));
}

/// A name without a digest is asked for: what it stands for now is what is meant.
Result<Origin> find_origin(const oci::Reference& ref, Registries& registries) {
  const auto registry = registries.open(ref.registry);
  if (!registry) return std::unexpected(registry.error());
  if (ref.digest) return Origin{*registry, ref.repository, *ref.digest};
  const auto found = (*registry)->head_manifest(ref.repository, ref.tag);
  if (!found) return std::unexpected(found.error().error());
  const std::optional<oci::Descriptor>& there = *found;
  if (!there) return fail(fmt::format("{} is not there", oci::show(ref)));
  return Origin{*registry, ref.repository, there->digest};
}

}  // namespace

Status ready_promote(const Context& context) {
  const Result<std::vector<ImageName>> names = image_names(context, {});
  if (!names) return std::unexpected(names.error());
  return check_logins(context, *names);
}

/// promote(ref, to, tags, floating)
Result<Steps> plan_promote(const Context& context) {
  const Result<oci::Reference> ref = read_ref(context);
  if (!ref) return std::unexpected(ref.error());
  const Result<std::vector<ImageName>> names = image_names(context, {});
  if (!names) return std::unexpected(names.error());
  Registries registries(context);
  const Result<Origin> origin = find_origin(*ref, registries);
  if (!origin) return std::unexpected(origin.error());
  Steps steps;
  std::set<std::string> repositories;
  for (const ImageName& name : *names) {
    const auto registry = registries.open(name.host);
    if (!registry) return std::unexpected(registry.error());
    steps.list.push_back(std::make_unique<PromoteStep>(
        context, name_facts("promote", name, origin->digest), name, *registry, *origin));
    const std::string repository = name.host + "/" + name.repository;
    if (!repositories.insert(repository).second) continue;
    steps.receipt += fmt::format("{}@{}\n", repository, oci::show(origin->digest));
  }
  return steps;
}

}  // namespace devgraph::actions
