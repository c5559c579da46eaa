#include "engine/cli/state_lock.h"

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"

namespace devgraph::cli {

Result<Locked> take_lock(Context& context, const lang::Workspace& workspace,
                         const std::function<bool()>& interrupted) {
  bool waited = false;
  store::Lock::Options options;
  options.no_wait = context.options.no_wait;
  options.waiting = [&](const std::string& words) {
    waited = true;
    context.console.talk(printable(words) + "\n");
  };
  options.interrupted = interrupted;
  Result<store::Lock> lock = store::Lock::acquire(join_path(workspace.root, kStateFolder), options);
  if (!lock) return std::unexpected(lock.error());
  return Locked{std::move(*lock), waited};
}

}  // namespace devgraph::cli
