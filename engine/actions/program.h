#pragma once
/// Runs a helper program for a native action and waits for it.

#include <string>
#include <vector>

#include "engine/actions/action.h"

namespace devgraph::actions {

struct Program {
  std::vector<std::string> argv;         ///< argv[0] is looked up on the PATH of this process.
  std::vector<std::string> environment;  ///< The whole of it.
  std::string folder;                    ///< Absolute.
  std::string input = {};                ///< What it reads on its standard input.
  bool is_secret = false;                ///< What it prints is for us only: it is never logged.
  bool is_watched = false;               ///< What it prints is logged line by line, as it comes.
};

/// What it printed. Fails when it does not start or does not end with status 0: the message is the
/// last line that it printed. Its process group is ended when the build is being stopped.
Result<std::string> run_program(const Context& context, const Program& program);

}  // namespace devgraph::actions
