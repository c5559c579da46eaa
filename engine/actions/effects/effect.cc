#include "engine/actions/effects/effect.h"

#include <algorithm>
#include <array>

#include "engine/actions/effects/effects.h"

namespace devgraph::actions {

Status Step::revert(const std::string&) {
  return fail("this cannot be taken back");
}

const Effect* find_effect(std::string_view name) {
  static constexpr std::array<Effect, 8> kEffects = {{
      {"copy_to", nullptr, plan_copy_to},
      {.name = "git_branch", .ready = ready_git, .plan = plan_git_branch, .lease = lease_git},
      {.name = "git_tag", .ready = ready_git_tag, .plan = plan_git_tag, .lease = lease_git},
      {"github_release", ready_github, plan_github, uses_github},
      {"promote", ready_promote, plan_promote},
      {"push", ready_push, plan_push},
      {"pypi", ready_pypi, plan_pypi, uses_pypi},
      {"upload", ready_upload, plan_upload, uses_upload},
  }};
  const auto found = std::find_if(kEffects.begin(), kEffects.end(),
                                  [&](const Effect& effect) { return effect.name == name; });
  return found == kEffects.end() ? nullptr : &*found;
}

}  // namespace devgraph::actions
