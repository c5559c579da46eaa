#pragma once
/// What the actions `wheel` and `sdist` do alike: from a node to a checked project.

#include <string>

#include "engine/actions/action.h"
#include "engine/actions/wheel/sources.h"

namespace devgraph::wheel {

struct Loaded {
  Sources sources;
  Pyproject pyproject;
  Texts texts;
};

Result<Loaded> load_project(const actions::Context& context, Kind kind);
/// Of several faults, a line each, the first; all of them stand in the log then.
Error first_of(const actions::Context& context, const Error& error);
/// The name that the graph gave an output comes from the same pyproject.toml, read when the graph
/// was made; it must be what pip will expect.
Status check_output_name(const actions::Context& context, const std::string& name);
/// 2.1 to 2.4; what the node asks for comes first.
std::string metadata_version_of(const actions::Context& context, const Project& project,
                                std::string_view least);

}  // namespace devgraph::wheel
