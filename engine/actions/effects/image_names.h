#pragma once
/// The names that effects give to images in registries.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/actions/effects/effect.h"
#include "engine/actions/oci/reference.h"
#include "engine/actions/oci/registry.h"

namespace devgraph::actions {

/// A tag in a repository.
struct ImageName {
  std::string host;
  std::string repository;
  std::string tag;
  bool moves = false;  ///< It may be moved to another image.
};
std::string show(const ImageName& name);

/// Whether a tag says which image it is: it holds a full version, a date, or seven or more digits
/// of a digest, so that it must never move.
bool is_pinned(std::string_view tag);

/// From `to`, `tags` and `floating`; `below` is appended to each repository of `to`.
Result<std::vector<ImageName>> image_names(const Context& context, const std::string& below);

/// The registries of some names, each opened once.
class Registries {
 public:
  explicit Registries(const Context& context) : context_(context) {}
  Result<std::shared_ptr<oci::Registry>> open(const std::string& host);

 private:
  const Context& context_;
  std::map<std::string, std::shared_ptr<oci::Registry>> open_;
};

/// Whether every registry of the names takes our login.
Status check_logins(const Context& context, const std::vector<ImageName>& names);

/// The step of giving a name to an image: asking and going back are the same for all of them.
class NameStep : public Step {
 public:
  NameStep(StepFacts facts, ImageName name, std::shared_ptr<oci::Registry> registry)
      : Step(std::move(facts)), name_(std::move(name)), registry_(std::move(registry)) {}
  Result<Seen> look() override;
  Status revert(const std::string& before) override;

 protected:
  const ImageName& name() const { return name_; }
  oci::Registry& registry() { return *registry_; }

 private:
  ImageName name_;
  std::shared_ptr<oci::Registry> registry_;
};
/// What is known of such a step without asking.
StepFacts name_facts(std::string kind, const ImageName& name, const Sha256& digest);

}  // namespace devgraph::actions
