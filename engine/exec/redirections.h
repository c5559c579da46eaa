#pragma once
/// The files of one command, opened for it.

#include "engine/base/fd.h"
#include "engine/base/result.h"
#include "engine/exec/runner.h"

namespace devgraph::exec {

/// No descriptor: the default is used.
struct Redirections {
  Fd log;
  Fd in;
  Fd out;
  Fd err;
  Fd line;
};

/// Opens what a command names, and writes the head of its log.
Result<Redirections> redirect(const Command& command);

}  // namespace devgraph::exec
