#include "engine/cli/run.h"

#include <cerrno>
#include <cstring>
#include <map>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"

namespace devgraph::cli {
namespace {

constexpr int kExitPipe = 141;  // As a process that SIGPIPE ended.

bool wants_color(ColorMode mode, bool terminal,
                 const std::map<std::string, std::string>& environment) {
  if (mode != ColorMode::Auto) return mode == ColorMode::Always;
  const auto is_set = [&](const char* name) {
    const auto found = environment.find(name);
    return found != environment.end() && !found->second.empty();
  };
  const auto term = environment.find("TERM");
  const bool dumb = term == environment.end() || term->second == "dumb";
  return terminal && !dumb && !is_set("NO_COLOR");
}

void set_up(Console& console, const Options& options,
            const std::map<std::string, std::string>& environment) {
  console.data_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  console.talk_is_terminal = ::isatty(STDERR_FILENO) == 1;
  console.data_color = wants_color(options.color, console.data_is_terminal, environment);
  console.talk_color = wants_color(options.color, console.talk_is_terminal, environment);
  console.quiet = options.quiet;
  console.verbose = options.verbose;
}

/// What is said about a command line that is no good.
int refuse_options(Console& console, const Diagnostics& faults) {
  const Sources none;
  console.talk(render_text(faults, none, console.talk_color));
  return kExitRefused;
}

/// Gives the faults of the folders that cannot be entered.
bool enter_folders(const Options& options, Diagnostics& faults) {
  for (const std::string& folder : options.folders) {
    if (::chdir(folder.c_str()) == 0) continue;
    faults.add(
        {.severity = Severity::Error,
         .code = "E909",
         .message = fmt::format("cannot work in `{}`: {}", printable(folder), std::strerror(errno)),
         .where = std::nullopt,
         .also = {},
         .helps = {}});
    return false;
  }
  return true;
}

int run_parsed(Console& console, Files& files, const Options& options) {
  Context context{.options = options,
                  .files = files,
                  .console = console,
                  .environment = process_environment(),
                  .folder = working_folder()};
  return run_command(context);
}

int run_arguments(Console& console, const std::vector<std::string>& arguments) {
  DiskFiles files;
  if (!arguments.empty() && arguments[0] == "__complete") {
    return complete_command(files, console, {arguments.begin() + 1, arguments.end()});
  }
  Parsed parsed = parse_options(arguments);
  set_up(console, parsed.options.value_or(Options()), process_environment());
  if (parsed.faults.has_errors()) return refuse_options(console, parsed.faults);
  if (!parsed.options) {
    console.data(parsed.text);
    return kExitDone;
  }
  if (!enter_folders(*parsed.options, parsed.faults)) return refuse_options(console, parsed.faults);
  return run_parsed(console, files, *parsed.options);
}

}  // namespace

int run_command(Context& context) {
  static const std::map<std::string_view, int (*)(Context&)> kCommands = {
      {"build", build_command},     {"check", check_command},
      {"why", why_command},         {"log", log_command},
      {"list", list_command},       {"graph", graph_command},
      {"out", out_command},         {"clean", clean_command},
      {"fmt", fmt_command},         {"lint", lint_command},
      {"explain", explain_command}, {"doctor", doctor_command},
      {"init", init_command},       {"completion", completion_command},
      {"image", image_command},     {"run", run_in_command},
      {"shell", shell_command},     {"export", export_command},
      {"lock", lock_command},       {"update", update_command},
      {"gc", gc_command},           {"metrics", metrics_command},
      {"data", data_command},       {"release", release_command},
      {"freeze", freeze_command},   {"link", link_command},
      {"pin", pin_command},         {"unpin", unpin_command},
  };
  return kCommands.at(context.options.command)(context);
}

int run(const std::vector<std::string>& arguments) {
  ProcessConsole console;
  const int status = run_arguments(console, arguments);
  std::string error;
  if (console.finish(error)) return status;
  if (error == std::strerror(EPIPE)) return kExitPipe;  // The reader had enough.
  console.talk(fmt::format("error: cannot write to stdout: {}\n", error));
  return status == kExitDone ? kExitRefused : status;
}

}  // namespace devgraph::cli
