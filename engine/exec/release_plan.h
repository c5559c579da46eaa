#pragma once
/// The parts of a release (release.h): which effects, in what order.

#include <span>
#include <vector>

#include "engine/exec/release.h"

namespace devgraph::exec {

/// A step for ordering: which effect it belongs to, and when it has its turn.
struct Turned {
  std::size_t effect = 0;
  actions::Turn turn = actions::Turn::Final;
};
/// The order of steps: behind all steps of the effects that its own needs; among those that are
/// free, what can be taken back comes first and moving names last. `needs[e]`: the effects that
/// effect `e` needs, directly or not. Pure.
std::vector<std::size_t> order_steps(std::span<const Turned> steps,
                                     const std::vector<std::vector<std::size_t>>& needs);

}  // namespace devgraph::exec
