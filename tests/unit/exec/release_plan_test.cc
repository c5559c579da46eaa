#include "engine/exec/release_plan.h"

#include <random>

#include <doctest/doctest.h>

using namespace devgraph;
using actions::Turn;
using exec::order_steps;
using exec::Turned;

TEST_CASE("what can be taken back comes first, names that move come last") {
  const std::vector<Turned> steps = {
      {0, Turn::Moving}, {0, Turn::Final}, {1, Turn::Reversible}, {2, Turn::Final}};
  CHECK(order_steps(steps, {{}, {}, {}}) == std::vector<std::size_t>{2, 1, 3, 0});
}

TEST_CASE("an effect comes behind all steps of those that it needs") {
  // Effect 1, which could come first, needs effect 0, whose name moves.
  const std::vector<Turned> steps = {{0, Turn::Moving}, {1, Turn::Reversible}, {2, Turn::Final}};
  CHECK(order_steps(steps, {{}, {0}, {}}) == std::vector<std::size_t>{2, 0, 1});
}

TEST_CASE("random effects: each step once, never before what it needs") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  for (int round = 0; round < 300; ++round) {
    const std::size_t effects = 1 + below(8);
    std::vector<std::vector<std::size_t>> needs(effects);
    for (std::size_t e = 1; e < effects; ++e) {
      for (std::size_t i = below(3); i > 0; --i) {
        const std::size_t need = below(e);
        needs[e].push_back(need);
        needs[e].insert(needs[e].end(), needs[need].begin(), needs[need].end());
      }
    }
    std::vector<Turned> steps;
    for (std::size_t i = below(20); i > 0; --i)
      steps.push_back({below(effects), static_cast<Turn>(below(3))});
    const std::vector<std::size_t> order = order_steps(steps, needs);
    REQUIRE(order.size() == steps.size());
    std::vector<std::size_t> place(steps.size(), steps.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      place[order[i]] = i;
    for (std::size_t a = 0; a < steps.size(); ++a) {
      REQUIRE(place[a] < steps.size());
      for (std::size_t b = 0; b < steps.size(); ++b) {
        for (const std::size_t need : needs[steps[a].effect]) {
          if (steps[b].effect == need) CHECK(place[b] < place[a]);
        }
      }
    }
  }
}
