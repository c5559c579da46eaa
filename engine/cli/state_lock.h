#pragma once
/// The lock of a workspace's state, with what is said while one waits for it.

#include <functional>

#include "engine/base/result.h"
#include "engine/cli/context.h"
#include "engine/store/lock.h"
#include "lang/load.h"

namespace devgraph::cli {

struct Locked {
  store::Lock lock;
  bool waited = false;  ///< Then the tree may have changed meanwhile.
};

/// `interrupted` may be empty.
Result<Locked> take_lock(Context& context, const lang::Workspace& workspace,
                         const std::function<bool()>& interrupted);

/// Says why the lock was not taken. Gives the exit status.
int refuse_lock(Context& context, const Error& error);

}  // namespace devgraph::cli
