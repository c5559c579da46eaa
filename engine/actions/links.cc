#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/base/text.h"

namespace devgraph::actions {

/// links(into, to): the tree is the user's, so a build only says which links it counts on;
/// `devgraph link` makes them.
Status run_links(const Context& context) {
  const Value& places = context.graph.value(context.graph.node(context.node).args);
  for (const Field& field : context.graph.fields(places)) {
    const InputId original{context.graph.value(field.value).a};
    context.log(fmt::format("{} -> {}", printable(context.graph.str(field.name)),
                            printable(input_name(context, original))));
  }
  return {};
}

}  // namespace devgraph::actions
