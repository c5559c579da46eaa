#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"
#include "engine/actions/oci/login.h"
#include "engine/actions/oci/push.h"
#include "engine/actions/oci/reference.h"
#include "engine/actions/oci/referrer.h"
#include "engine/actions/oci/sbom.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

constexpr std::size_t kDigits = 12;

struct Goal {
  oci::Layout layout;
  oci::Descriptor root;
  oci::Reference repository;
  std::string tag;
  std::string ref;  ///< As the user writes the repository.
};

Result<oci::Reference> find_repository(const Context& context) {
  const std::string to(string_arg(context, "to"));
  Result<oci::Reference> repository = oci::parse_reference(to);
  if (!repository) return repository;
  if (!repository->tag.empty() || repository->digest) {
    return fail(fmt::format("`to` is `{}`: it names a repository; the tag is made of the content",
                            printable(to)));
  }
  return repository;
}

Result<Goal> find_goal(const Context& context) {
  const std::optional<InputId> image = oci::image_arg(context, "image");
  if (!image) return fail("`image` is missing: it is left out by `allow_failed`");
  Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(*image));
  if (!layout) return std::unexpected(layout.error());
  const Result<oci::Descriptor> root = oci::root_of(*layout);
  if (!root) return std::unexpected(root.error());
  Result<oci::Reference> repository = find_repository(context);
  if (!repository) return std::unexpected(repository.error());
  std::string tag(string_arg(context, "prefix"));
  tag += hex(root->digest).substr(0, kDigits);
  if (!oci::is_tag(tag)) {
    return fail(
        fmt::format("`{}` is no tag: it has letters, digits and _ . -, up to 128", printable(tag)));
  }
  const std::string ref = fmt::format("{}:{}", string_arg(context, "to"), tag);
  return Goal{std::move(*layout), *root, std::move(*repository), tag, ref};
}

/// The document that goes along with an image; also to one that was there before.
Status attach_sbom(const Context& context, oci::Registry& registry, const Goal& goal) {
  const std::vector<InputId> sbom = inputs_arg(context, "sbom");
  if (sbom.empty()) return {};
  const Result<std::string> text = context.files.read(context.path_of(sbom[0]));
  if (!text) return std::unexpected(text.error());
  const auto done =
      oci::attach_document(registry, goal.repository.repository, goal.root, oci::kSpdxType, *text);
  if (!done) return std::unexpected(done.error().error());
  return {};
}

}  // namespace

/// push_hashed(image, to, prefix, sbom): adds, and never moves a name.
Status run_push_hashed(const Context& context) {
  const Result<Goal> goal = find_goal(context);
  if (!goal) return std::unexpected(goal.error());
  const Result<std::unique_ptr<oci::Registry>> registry =
      oci::open_registry(context, goal->repository.registry);
  if (!registry) return std::unexpected(registry.error());
  const std::string& repository = goal->repository.repository;
  const auto found = (*registry)->head_manifest(repository, goal->tag);
  if (!found) return std::unexpected(found.error().error());
  const std::optional<oci::Descriptor>& there = *found;
  if (there && there->digest != goal->root.digest) {
    return fail(fmt::format("{} is another image there: {}, not {}; nothing is overwritten",
                            goal->ref, oci::show(there->digest), oci::show(goal->root.digest)));
  }
  if (!there) {
    const auto pushed =
        oci::push_image(**registry, context.files, goal->layout,
                        {repository, goal->root, {goal->tag}}, [&] { return stopped(context); });
    if (stopped(context)) return interrupted();
    if (!pushed) return std::unexpected(pushed.error().error());
    context.log(fmt::format("{} blobs, {} sent", pushed->blobs, human_size(pushed->bytes)));
  }
  if (const Status done = attach_sbom(context, **registry, *goal); !done) return done;
  context.log(fmt::format("{} (digest {})", goal->ref, oci::show(goal->root.digest)));
  return context.files.write(context.out_path(0), goal->ref + "\n", 0644, false);
}

Status ready_push_hashed(const Context& context) {
  const Result<oci::Reference> repository = find_repository(context);
  if (!repository) return std::unexpected(repository.error());
  const Result<std::unique_ptr<oci::Registry>> registry =
      oci::open_registry(context, repository->registry);
  if (!registry) return std::unexpected(registry.error());
  const oci::Reply<void> taken = (*registry)->check_login(repository->repository);
  if (taken) return {};
  const long status = taken.error().status;
  if (status != net::kUnauthorized && status != net::kForbidden) return {};
  return std::unexpected(taken.error().error());
}

Result<bool> holds_push_hashed(const Context& context) {
  const Result<Goal> goal = find_goal(context);
  if (!goal) return std::unexpected(goal.error());
  const Result<std::unique_ptr<oci::Registry>> registry =
      oci::open_registry(context, goal->repository.registry);
  if (!registry) return std::unexpected(registry.error());
  const auto found = (*registry)->head_manifest(goal->repository.repository, goal->tag);
  if (!found) return std::unexpected(found.error().error());
  const std::optional<oci::Descriptor>& there = *found;
  return there && there->digest == goal->root.digest;
}

}  // namespace devgraph::actions
