#pragma once
/// The native effects, one file each; their arguments are those of the rules in stdlib.

#include "engine/actions/effects/effect.h"

namespace devgraph::actions {

Status ready_push(const Context& context);
Result<Steps> plan_push(const Context& context);
Status ready_promote(const Context& context);
Result<Steps> plan_promote(const Context& context);
Status ready_git(const Context& context);
Status ready_git_tag(const Context& context);
Result<Steps> plan_git_tag(const Context& context);
Result<Steps> plan_git_branch(const Context& context);
std::unique_ptr<Lease> lease_git(const Context& context);
Status ready_github(const Context& context);
Result<Steps> plan_github(const Context& context);
std::vector<SecretUse> uses_github(const Context& context);
std::vector<SecretUse> uses_pypi(const Context& context);
std::vector<SecretUse> uses_upload(const Context& context);
Result<Steps> plan_copy_to(const Context& context);
Status ready_pypi(const Context& context);
Result<Steps> plan_pypi(const Context& context);
Status ready_upload(const Context& context);
Result<Steps> plan_upload(const Context& context);

}  // namespace devgraph::actions
