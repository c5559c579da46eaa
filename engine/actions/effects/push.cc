#include "engine/actions/oci/push.h"

#include <set>

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/image_names.h"
#include "engine/actions/oci/image_arg.h"
#include "engine/actions/oci/layout.h"

namespace devgraph::actions {

namespace {

/// An image, and what is appended to the repositories of `to` for it.
struct Wanted {
  InputId image{};
  std::string below;
};

std::vector<Wanted> wanted_images(const Context& context) {
  std::vector<Wanted> found;
  if (const std::optional<InputId> one = oci::image_arg(context, "image")) {
    found.push_back({*one, {}});
  }
  for (const auto& [name, value] : map_arg(context, "images")) {
    if (const std::optional<InputId> one = oci::layout_input(context.graph, value)) {
      found.push_back({*one, std::string(name)});
    }
  }
  return found;
}

/// What is told people of an image's size: all of its blobs, each once.
std::uint64_t size_of(const oci::Layout& layout) {
  std::uint64_t size = 0;
  std::set<Sha256> seen;
  const auto images = oci::images_of(layout);
  if (!images) return 0;
  for (const oci::FoundImage& image : *images) {
    for (const oci::Descriptor& layer : image.manifest.layers) {
      if (seen.insert(layer.digest).second) size += layer.size;
    }
  }
  return size;
}

class PushStep final : public NameStep {
 public:
  PushStep(const Context& context, StepFacts facts, const ImageName& name,
           std::shared_ptr<oci::Registry> registry, oci::Layout layout, oci::Descriptor root)
      : NameStep(std::move(facts), name, std::move(registry)),
        context_(context),
        layout_(std::move(layout)),
        root_(std::move(root)) {}

  Status apply() override {
    const auto pushed = oci::push_image(registry(), context_.files, layout_,
                                        {name().repository, root_, {name().tag}},
                                        [&] { return stopped(context_); });
    if (stopped(context_)) return interrupted();
    if (!pushed) return std::unexpected(pushed.error().error());
    context_.log(fmt::format("{}: {} blobs sent", show(name()), pushed->blobs));
    return {};
  }

 private:
  const Context& context_;
  oci::Layout layout_;
  oci::Descriptor root_;
};

}  // namespace

Status ready_push(const Context& context) {
  for (const Wanted& one : wanted_images(context)) {
    const Result<std::vector<ImageName>> names = image_names(context, one.below);
    if (!names) return std::unexpected(names.error());
    if (const Status done = check_logins(context, *names); !done) return done;
  }
  return {};
}

/// push(image, images, to, tags, floating)
Result<Steps> plan_push(const Context& context) {
  Steps steps;
  Registries registries(context);
  const std::vector<Wanted> wanted = wanted_images(context);
  if (wanted.empty()) return fail("there is no image: neither `image` nor `images` is given");
  for (const Wanted& one : wanted) {
    const Result<std::vector<ImageName>> names = image_names(context, one.below);
    if (!names) return std::unexpected(names.error());
    Result<oci::Layout> layout = oci::Layout::open(context.files, context.path_of(one.image));
    if (!layout) return std::unexpected(layout.error());
    const Result<oci::Descriptor> root = oci::root_of(*layout);
    if (!root) return std::unexpected(root.error());
    std::set<std::string> repositories;
    for (const ImageName& name : *names) {
      const auto registry = registries.open(name.host);
      if (!registry) return std::unexpected(registry.error());
      StepFacts facts = name_facts("push", name, root->digest);
      facts.size = size_of(*layout);
      steps.list.push_back(
          std::make_unique<PushStep>(context, std::move(facts), name, *registry, *layout, *root));
      const std::string repository = name.host + "/" + name.repository;
      if (!repositories.insert(repository).second) continue;
      steps.receipt += fmt::format("{}@{}\n", repository, oci::show(root->digest));
    }
  }
  return steps;
}

}  // namespace devgraph::actions
