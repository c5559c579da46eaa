#pragma once
/// Starts one process, without copying the engine's memory: the heart of ProcessRunner.

#include <span>

#include <sys/resource.h>
#include <sys/types.h>

#include "engine/base/fd.h"
#include "engine/base/result.h"

namespace devgraph::exec {

/// Everything the new process needs, ready to use: the child may not allocate. Pointers belong to
/// the caller.
struct SpawnPlan {
  const char* program = nullptr;  ///< Absolute.
  char* const* argv = nullptr;
  char* const* shell_argv = nullptr;  ///< Used when the kernel does not know the program's format.
  char* const* environment = nullptr;
  const char* folder = nullptr;
  int in = -1;
  int out = -1;
  int err = -1;
  int line = -1;                        ///< Becomes kLineFd; -1: none.
  std::span<const int> inherit;         ///< Kept under their numbers.
  std::span<const int> reset_signals;   ///< Get their default action back.
  const rlimit* descriptors = nullptr;  ///< RLIMIT_NOFILE to restore; null: leave.
  int rules = -1;                       ///< Of the sandbox; -1: none.
};

struct Spawned {
  pid_t pid = -1;
  Fd pidfd;
};

/// Returns when the program was executed. It leads its own session and group; all descriptors but
/// those of the plan are closed in it. Errors: cannot start, no such program, no such folder.
Result<Spawned> spawn(const SpawnPlan& plan);

}  // namespace devgraph::exec
