#include "engine/actions/outside_now.h"

#include <fmt/format.h>

#include "engine/actions/oci/login.h"
#include "engine/actions/oci/reference.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Result<std::string> image_now(const Context& context, const std::string& name) {
  Result<oci::Reference> ref = oci::parse_reference(name);
  if (!ref) return std::unexpected(ref.error());
  const Result<std::unique_ptr<oci::Registry>> registry =
      oci::open_registry(context, ref->registry);
  if (!registry) return std::unexpected(registry.error());
  const std::string tag = ref->tag.empty() ? "latest" : ref->tag;
  const auto found = (*registry)->head_manifest(ref->repository, tag);
  if (!found) return std::unexpected(found.error().error());
  const std::optional<oci::Descriptor>& there = *found;
  if (!there) {
    return fail(fmt::format("{} has no image {}:{}", printable(ref->registry),
                            printable(ref->repository), printable(tag)));
  }
  // The digest says all: with the tag in it, a key would change with the tag.
  ref->tag.clear();
  ref->digest = there->digest;
  return oci::show(*ref);
}

}  // namespace

Result<std::string> outside_now(const Context& context, const Ask& ask) {
  switch (ask.kind) {
    case AskKind::File: {
      const Result<Sha256> digest = fetch_now(context, join_path(context.scratch, "file"));
      if (!digest) return std::unexpected(digest.error());
      return "sha256:" + hex(*digest);
    }
    case AskKind::Git:
      return commit_now(context, ask.rev);
    case AskKind::Image:
      return image_now(context, ask.name);
  }
  return fail("nobody knows how to ask for this");
}

}  // namespace devgraph::actions
