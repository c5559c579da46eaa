#include "engine/actions/natives.h"

namespace devgraph::actions {

/// copy(file, to?): `to` is the declared name of the output, so it is not needed here.
Status run_copy(const Context& context) {
  const std::vector<InputId> files = inputs_arg(context, "file");
  if (files.size() != 1) return fail("`file` is missing: it is left out by `allow_failed`");
  return context.files.copy(context.path_of(files[0]), context.out_path(0));
}

}  // namespace devgraph::actions
