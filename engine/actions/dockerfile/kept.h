#pragma once
/// What builds of Dockerfiles keep in docker, from one build to the next. A daemon may be shared
/// by workspaces and machines: each knows its own by names, and by the label of all that is made.

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/files.h"

namespace devgraph::actions {

/// 16 digits that stand for a folder of this machine: the value of oci::kWorkspaceLabel.
std::string workspace_id(Files& files, const std::string& workspace);

/// The name of an image below, in the daemon, while the node `label` is built upon it as `image`.
std::string base_name(std::string_view workspace_id, std::string_view label,
                      std::string_view image);
/// The name of what the node made last: with it stay the layers from which the next build goes on.
/// `stage`: of another one, counted from 1, which none of these layers is upon; 0: the result.
std::string built_name(std::string_view workspace_id, std::string_view label,
                       std::size_t stage = 0);

/// Whether it is a name of these kinds; without `workspace_id` of any workspace.
bool is_build_name(std::string_view name, std::string_view workspace_id = {});
/// Of the name of a stage that of the result; other names as they are.
std::string without_stage(std::string_view name);

}  // namespace devgraph::actions
