#include "engine/actions/natives.h"

namespace devgraph::actions {

/// seed(into, text): makes the first content; the engine sees to it that an existing file stays.
Status run_seed(const Context& context) {
  const std::vector<InputId> files = inputs_arg(context, "text");
  if (!files.empty()) return context.files.copy(context.path_of(files[0]), context.out_path(0));
  return context.files.write(context.out_path(0), string_arg(context, "text"), 0644, false);
}

}  // namespace devgraph::actions
