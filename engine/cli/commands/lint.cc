#include <fmt/format.h>

#include "engine/cli/commands.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/report.h"
#include "engine/cli/repository.h"

namespace devgraph::cli {

int lint_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  // The manifests themselves are asked, never a compiled graph: it has no warnings.
  read_manifests(context, *workspace, demanded_projects(*workspace, {}));
  context.found.sort(context.sources);
  Report report;
  report.found = &context.found;
  report.sources = &context.sources;
  report.folder = folder_in_repository(context.files, context.environment, workspace->root);
  const std::string& format = context.options.format;
  if (format == "json") {
    context.console.data(render_json(context.found, context.sources));
  } else if (format == "github") {
    context.console.data(report_github(report));
  } else if (format == "sarif") {
    context.console.data(report_sarif(report, DEVGRAPH_VERSION));
  } else {
    constexpr std::size_t kAll = 1'000'000;
    context.console.data(
        render_text(context.found, context.sources, context.console.data_color, kAll));
  }
  const std::size_t errors = context.found.error_count();
  const std::size_t warnings = context.found.all().size() - errors;
  if (!context.console.quiet && errors + warnings > 0) {
    context.console.talk(fmt::format("{} error{}, {} warning{}\n", errors, errors == 1 ? "" : "s",
                                     warnings, warnings == 1 ? "" : "s"));
  }
  if (errors > 0) return kExitRefused;
  return warnings > 0 ? kExitStale : kExitDone;
}

}  // namespace devgraph::cli
