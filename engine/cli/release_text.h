#pragma once
/// What people see of a release: the plan, each step, the end.

#include <span>
#include <string>
#include <vector>

#include "engine/exec/release.h"

namespace devgraph::cli {

/// `34 effects: 12 to do, 22 present`.
std::string plan_line(std::span<const exec::ReleaseStep> steps);
/// A table: number, what, target, digest, size, state.
std::string plan_table(std::span<const exec::ReleaseStep> steps);
std::string plan_json(const Graph& graph, std::span<const exec::ReleaseStep> steps);
/// `34 effects: 31 done, 2 failed, 1 blocked  3.1s`.
std::string release_line(const exec::ReleaseSummary& summary, std::string_view done);
/// A digest or commit as it is shown: its first 12 digits.
std::string short_digest(std::string_view digest);

}  // namespace devgraph::cli
