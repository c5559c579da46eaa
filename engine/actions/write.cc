#include "engine/actions/natives.h"

namespace devgraph::actions {

/// write(text, to?, executable): nothing is added to the text.
Status run_write(const Context& context) {
  const std::uint32_t mode = bool_arg(context, "executable") ? 0755 : 0644;
  return context.files.write(context.out_path(0), string_arg(context, "text"), mode, false);
}

}  // namespace devgraph::actions
