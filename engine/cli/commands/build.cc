#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"

namespace devgraph::cli {

int build_command(Context& context) {
  return build_with(context, {.choose = choose_goals});
}

}  // namespace devgraph::cli
