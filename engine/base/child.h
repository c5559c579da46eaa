#pragma once
/// A short-lived program that is asked for its output: git, a password manager. What builds run is
/// not started here (engine/exec/runner.h, engine/actions/program.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace devgraph {

struct ChildOptions {
  /// `NAME=value`, all of it; none: ours.
  std::optional<std::vector<std::string>> environment = {};
  enum class Stderr : std::uint8_t { Ours, Nowhere, Taken } err = Stderr::Ours;
  bool has_input = false;  ///< Our standard input; without it /dev/null.
};

struct ChildOutput {
  static constexpr int kKilled = 128;
  int status = 0;  ///< The exit status; kKilled for one that a signal ended.
  std::string text;
};

/// What a program prints, from the beginning to its end; words[0] is looked up on our PATH. Signals
/// that we ignore or block it does not. Error: it cannot be started.
Result<ChildOutput> output_of(std::vector<std::string> words, ChildOptions options);

}  // namespace devgraph
