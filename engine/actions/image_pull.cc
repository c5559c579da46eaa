#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/actions/oci/login.h"
#include "engine/actions/oci/reference.h"
#include "engine/actions/stream.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// One image, by its digest, into a layout.
class Pull {
 public:
  Pull(const Context& context, oci::Registry& registry, std::string repository)
      : context_(context),
        registry_(registry),
        repository_(std::move(repository)),
        writer_(context.files, context.out_path(0)) {}

  Status run(const Sha256& digest, const std::optional<oci::Platform>& platform);

 private:
  Status document(const oci::Descriptor& descriptor, std::string& bytes);
  Status all_of(const oci::Descriptor& descriptor, unsigned depth);
  Status blob(const oci::Descriptor& descriptor);

  const Context& context_;
  oci::Registry& registry_;
  std::string repository_;
  oci::LayoutWriter writer_;
};

Status Pull::document(const oci::Descriptor& descriptor, std::string& bytes) {
  auto found = registry_.get_manifest(repository_, oci::show(descriptor.digest));
  if (!found) return std::unexpected(found.error().error());
  bytes = std::move(found->bytes);
  const Result<oci::Descriptor> stored = writer_.add_document(descriptor.media_type, bytes);
  if (!stored) return std::unexpected(stored.error());
  return {};
}

Status Pull::blob(const oci::Descriptor& descriptor) {
  if (oci::is_foreign(descriptor.media_type)) return {};
  if (stopped(context_)) return interrupted();
  const std::string path = join_path(context_.scratch, "blob");
  if (Status done = context_.files.remove(path); !done) return done;
  Result<OutStream> out = OutStream::create(context_.files, path);
  if (!out) return std::unexpected(out.error());
  const auto got = registry_.get_blob(repository_, descriptor,
                                      [&](std::string_view block) { return out->write(block); });
  if (!got) return std::unexpected(got.error().error());
  if (Status done = out->finish(); !done) return done;
  if (Status done = context_.files.chmod(path, 0444); !done) return done;
  return writer_.add_blob(descriptor.digest, path);
}

Status Pull::all_of(const oci::Descriptor& descriptor, unsigned depth) {
  std::string bytes;
  if (Status done = document(descriptor, bytes); !done) return done;
  if (oci::is_index(descriptor.media_type)) {
    if (depth == 0) return fail("its indexes are nested too deep");
    const Result<oci::Index> index = oci::parse_index(bytes);
    if (!index) return std::unexpected(index.error());
    for (const oci::Descriptor& one : index->manifests) {
      if (Status done = all_of(one, depth - 1); !done) return done;
    }
    return {};
  }
  const Result<oci::Manifest> manifest = oci::parse_manifest(bytes);
  if (!manifest) return std::unexpected(manifest.error());
  if (Status done = blob(manifest->config); !done) return done;
  for (const oci::Descriptor& layer : manifest->layers) {
    if (Status done = blob(layer); !done) return done;
  }
  return {};
}

Status Pull::run(const Sha256& digest, const std::optional<oci::Platform>& platform) {
  if (Status done = writer_.begin(); !done) return done;
  auto top = registry_.get_manifest(repository_, oci::show(digest));
  if (!top) return std::unexpected(top.error().error());
  oci::Descriptor root = top->descriptor;
  if (platform && oci::is_index(root.media_type)) {
    const Result<oci::Index> index = oci::parse_index(top->bytes);
    if (!index) return std::unexpected(index.error());
    const oci::Descriptor* match = nullptr;
    for (const oci::Descriptor& one : index->manifests) {
      if (match == nullptr && one.platform && oci::fits(*one.platform, *platform)) match = &one;
    }
    if (match == nullptr) {
      return fail(fmt::format("the image has nothing for {}", oci::show(*platform)));
    }
    root = *match;
  }
  if (Status done = all_of(root, 4); !done) return done;
  root.annotations.clear();
  if (Status done = writer_.finish(root); !done) return done;
  return oci::write_digest(context_, root);
}

}  // namespace

/// image_pull(ref, platform)
Status run_image_pull(const Context& context) {
  const Result<oci::Reference> parsed_ref = oci::parse_reference(string_arg(context, "ref"));
  if (!parsed_ref) return std::unexpected(parsed_ref.error());
  const oci::Reference& ref = *parsed_ref;
  const Result<std::unique_ptr<oci::Registry>> registry = oci::open_registry(context, ref.registry);
  if (!registry) return std::unexpected(registry.error());
  std::optional<oci::Platform> platform;
  if (const std::optional<std::string_view> text = optional_string(context, "platform")) {
    const Result<oci::Platform> parsed = oci::parse_platform(*text);
    if (!parsed) return std::unexpected(parsed.error());
    platform = *parsed;
  }
  if (!ref.digest) {
    return fail(fmt::format("{} is not in the lock file", printable(string_arg(context, "ref"))));
  }
  return Pull(context, **registry, ref.repository).run(*ref.digest, platform);
}

}  // namespace devgraph::actions
