#include "engine/cli/state_lock.h"

#include <cerrno>

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

int refuse_lock(Context& context, const Error& error) {
  if (error.code != EWOULDBLOCK) return refuse(context, "E912", error.message);
  return refuse(context, "E910", error.message, {"without --no-wait devgraph waits for it"});
}

}  // namespace devgraph::cli
