#pragma once
/// The engines of this machine that keep images under names: docker and podman.

#include <string>
#include <vector>

#include "engine/actions/action.h"
#include "engine/actions/engine_record.h"

namespace devgraph::actions {

/// Whether a program of this name is on the PATH.
bool is_installed(Files& files, const std::string& name);
/// The program that speaks to the engine: docker, or else podman.
Result<std::string> find_engine(Files& files);

/// One call of it, with what of this process's environment says where the engine is. What it
/// printed.
Result<std::string> ask_engine(const Context& context, std::vector<std::string> argv);

/// Which engine answers: `program`, `engine` and `at` are set. Error: none does.
Result<Placed> engine_here(const Context& context, const std::string& program);

/// `sha256:` and what it stands before: only the digits.
std::string bare_id(std::string_view id);

}  // namespace devgraph::actions
