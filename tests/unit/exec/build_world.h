#pragma once
/// A workspace in memory at `/w`, with commands that are functions: `name(input|input)` unless a
/// test says otherwise.

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/exec/build.h"
#include "tests/support/fake_runner.h"
#include "tests/support/graph_maker.h"
#include "tests/support/mem_files.h"

namespace devgraph {

/// How long a random test takes: a number from the environment, or the usual one.
inline std::uint64_t setting(const char* name, std::uint64_t usual) {
  const char* text = std::getenv(name);
  return text ? std::stoull(text) : usual;
}

/// Every write is one to fail at; with sanitizers every fifth, see tests/run.
inline std::uint64_t fault_stride() {
  return setting("DEVGRAPH_FAULT_STRIDE", 1);
}

class World {
 public:
  MemFiles files;
  GraphMaker maker;
  exec::BuildOptions options;
  std::map<std::string, FakeRunner::Action> actions;
  std::uint64_t seed = 1;
  std::size_t stop_after = 0;
  std::size_t shortages = 0;
  // Of the last build:
  std::vector<std::string> ran;
  std::size_t most_at_once = 0;
  std::vector<exec::Finished> finished;
  std::vector<std::string> retries;

  World() {
    files.put_folder("/w");
    options.workspace = "/w";
    options.jobs = 4;
    options.sandbox = exec::SandboxMode::Off;
  }

  static int compose(FakeRunner::Job& job) {
    std::string text = job.label().substr(3) + "(";
    for (std::size_t i = 0; i < job.input_count(); ++i) {
      text += (i == 0 ? "" : "|") + job.input(i);
    }
    job.output(0, text + ")");
    return 0;
  }

  Result<exec::Summary> try_build() {
    // Long enough for every stamp to be older than a clock can hide.
    files.advance(10'000'000'000);
    const Graph graph = maker.make();
    FakeRunner runner(graph, files, "/w", seed++);
    runner.otherwise(compose);
    runner.stop_after = stop_after;
    runner.shortages = shortages;
    for (const auto& [label, action] : actions)
      runner.on(label, action);
    struct Collect final : exec::Listener {
      explicit Collect(World& owner) : world(owner) {}
      World& world;
      void finished(const exec::Finished& end) override { world.finished.push_back(end); }
      void retrying(NodeId, unsigned attempt, const std::string& why) override {
        world.retries.push_back(std::to_string(attempt) + ": " + why);
      }
    } listener(*this);
    finished.clear();
    retries.clear();
    exec::BuildOptions now = options;
    if (now.goals.empty()) {
      for (std::uint32_t i = 0; i < graph.node_count(); ++i)
        now.goals.push_back(NodeId{i});
    }
    struct Keep {
      World& world;
      FakeRunner& runner;
      ~Keep() {
        world.ran = runner.ran;
        world.most_at_once = runner.most_at_once;
      }
    } keep{*this, runner};
    return exec::build(graph, files, runner, now, listener);
  }

  exec::Summary build() {
    Result<exec::Summary> summary = try_build();
    const std::string error = summary ? "" : summary.error().message;
    REQUIRE(error == "");
    return std::move(*summary);
  }
};

}  // namespace devgraph
