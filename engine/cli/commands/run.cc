#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/actions/oci/config.h"
#include "engine/actions/oci/layout.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/aside.h"
#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/failed_image.h"
#include "engine/cli/image_goal.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/tally.h"
#include "engine/exec/within.h"
#include "engine/graph/label.h"

namespace devgraph::cli {
namespace {

/// What of the user's environment a program at a terminal needs.
std::vector<std::string> terminal_environment(const Context& context) {
  std::vector<std::string> made;
  for (const char* name : {"TERM", "COLORTERM", "LANG"}) {
    const auto held = context.environment.find(name);
    if (held != context.environment.end()) made.push_back(fmt::format("{}={}", name, held->second));
  }
  return made;
}

/// Where a command runs.
struct Place {
  std::string workspace;  ///< Absolute; here and below.
  std::string layout;     ///< Of an image; empty: on this machine.
  std::string venv;       ///< A Python environment; empty for none.
  std::string folder;
};

/// Starts a program, looked for on PATH, and waits for it; its exit status, as a shell has it.
/// None: it cannot start, and errno says why.
std::optional<int> wait_for(const std::string& program, const std::vector<std::string>& words,
                            const std::vector<std::string>& environment,
                            const std::string& folder) {
  // Keys at the terminal are for the command.
  const auto on_int = std::signal(SIGINT, SIG_IGN);
  const auto on_quit = std::signal(SIGQUIT, SIG_IGN);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> variables;
  variables.reserve(environment.size() + 1);
  for (const std::string& variable : environment)
    variables.push_back(const_cast<char*>(variable.c_str()));
  variables.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  sigset_t own;
  sigemptyset(&own);
  for (const int signal : {SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ})
    sigaddset(&own, signal);
  posix_spawnattr_setsigdefault(&attributes, &own);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int code =
      ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, argv.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  int status = 0;
  if (code == 0) {
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  std::signal(SIGINT, on_int);
  std::signal(SIGQUIT, on_quit);
  if (code != 0) {
    errno = code;
    return std::nullopt;
  }
  constexpr int kSignalled = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

int build_goal(const Context& context, const std::string& word) {
  Options options = context.options;
  options.words = {word};
  options.failed = false;
  Context build{.options = options,
                .files = context.files,
                .console = context.console,
                .environment = context.environment,
                .folder = context.folder};
  return build_for_use(build);
}

/// This program once more, which becomes the command.
int run_in_image(Context& context, const Place& place, const std::string& aside,
                 std::vector<std::string> argv, const std::vector<std::string>& bash) {
  if (const Status& can = exec::can_enter_images(); !can) {
    return refuse(context, "E912", can.error().message);
  }
  exec::EnterRequest request;
  request.layers = join_path(join_path(place.workspace, kStateFolder), "layers");
  request.scratch = aside;
  request.folder = place.folder;
  request.network = true;
  request.writable = {place.workspace};
  request.environment = terminal_environment(context);
  if (const Status done = exec::set_image(context.files, place.layout, request); !done) {
    return refuse(context, "E912", done.error().message);
  }
  request.argv = std::move(argv);
  request.bash = bash;
  const std::string path = join_path(aside, "enter.json");
  if (const Status done = exec::write_request(request, path); !done) {
    return refuse(context, "E912", done.error().message);
  }
  std::vector<std::string> environment;
  environment.reserve(context.environment.size());
  for (const auto& [name, value] : context.environment)
    environment.push_back(fmt::format("{}={}", name, value));
  const std::optional<int> status = wait_for(
      "/proc/self/exe", {"devgraph", std::string(exec::kEnterWord), path}, environment, "/");
  return status ? *status : refuse(context, "E912", "cannot start a process of its own");
}

/// The user's own environment, with the programs of a Python environment first.
int run_here(Context& context, const Place& place, const std::vector<std::string>& argv) {
  std::map<std::string, std::string> variables = context.environment;
  std::string& path = variables["PATH"];
  if (!place.venv.empty()) {
    path = join_path(place.venv, "bin") + (path.empty() ? "" : ":" + path);
    variables["VIRTUAL_ENV"] = place.venv;
    variables.erase("PYTHONHOME");
  }
  // It is there that the program is looked for.
  ::setenv("PATH", path.c_str(), 1);
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables)
    environment.push_back(fmt::format("{}={}", name, value));
  const std::optional<int> status = wait_for(argv[0], argv, environment, place.folder);
  if (status) return *status;
  constexpr int kNotFound = 127;
  const int code = errno;
  context.console.talk(
      fmt::format("devgraph: cannot run `{}`: {}\n", printable(argv[0]), std::strerror(code)));
  return kNotFound;
}

/// Builds what the label stands for, and says where a command for it runs.
std::optional<Place> place_of(Context& context, const std::string& word, int& status) {
  const std::optional<NodeGoal> goal = find_node(context, word);
  if (!goal) return std::nullopt;
  Place place{goal->workspace, image_of(*goal), venv_of(*goal), context.folder};
  if (place.layout.empty() && place.venv.empty()) {
    add_fault(context, "E906",
              fmt::format("`{}` makes neither an image nor a Python environment", printable(word)));
    return std::nullopt;
  }
  status = build_goal(context, word);
  return place;
}

/// The folder in which an image starts its commands.
std::string start_folder(Files& files, const std::string& layout) {
  const Result<oci::Layout> opened = oci::Layout::open(files, layout);
  const Result<oci::FoundImage> image =
      opened ? oci::image_for_here(*opened) : std::unexpected(opened.error());
  const Result<oci::ConfigFacts> facts =
      image ? oci::read_config(image->config) : std::unexpected(image.error());
  return facts && !facts->folder.empty() ? facts->folder : std::string("/");
}

/// Where the last run of a node failed: the image before the instruction of a Dockerfile, or the
/// folder in which its command ran.
std::optional<Place> failed_place(Context& context, const std::string& word,
                                  const std::string& aside) {
  const std::optional<NodeGoal> goal = find_node(context, word);
  if (!goal) return std::nullopt;
  const Node& node = goal->graph.node(goal->node);
  if (!exec::failed_log(goal->graph, context.files, goal->workspace, goal->node)) {
    add_fault(context, "E906", fmt::format("the last run of `{}` did not fail", printable(word)),
              {"without --failed the command runs in what the node makes"});
    return std::nullopt;
  }
  if (node.kind == ActionKind::Native && goal->graph.str(node.action) == "dockerfile") {
    const Status done = make_failed_image(context, goal->graph, goal->node, goal->workspace, aside);
    if (!done) {
      add_fault(context, "E912",
                fmt::format("the image in which `{}` failed cannot be made: {}", printable(word),
                            done.error().message));
      return std::nullopt;
    }
    const std::string layout = join_path(aside, "image");
    return Place{goal->workspace, layout, {}, start_folder(context.files, layout)};
  }
  if (node.kind == ActionKind::Native) {
    add_fault(context, "E906", fmt::format("`{}` runs no command", printable(word)));
    return std::nullopt;
  }
  std::string folder = fmt::format("{}/.devgraph/failed/{}/work", goal->workspace,
                                   log_stem(goal->graph, goal->node));
  const Result<FileStat> there = context.files.stat(folder);
  if (!there || there->kind != FileKind::Folder)
    folder = join_path(goal->workspace, goal->graph.str(node.project));
  const bool is_within = goal->graph.value(node.within).tag == ValueTag::Input;
  return Place{goal->workspace, is_within ? image_of(*goal) : std::string(), venv_of(*goal),
               folder};
}

/// `bash`: what comes along into an image for a shell.
int run_within(Context& context, std::vector<std::string> argv,
               const std::vector<std::string>& bash) {
  const std::string word = context.options.words[0];
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const std::string state = join_path(workspace->root, kStateFolder);
  const Aside aside(context.files, state, "run");  // For mounts.
  if (!aside.is_made()) {
    return refuse(context, "E912", fmt::format("cannot make a folder in {}", printable(state)));
  }
  int status = kExitDone;
  const std::optional<Place> place = context.options.failed
                                         ? failed_place(context, word, aside.folder())
                                         : place_of(context, word, status);
  if (!place) return refuse(context);
  if (status != kExitDone) return status;
  if (place->layout.empty()) return run_here(context, *place, argv);
  return run_in_image(context, *place, aside.folder(), std::move(argv), bash);
}

}  // namespace

int run_in_command(Context& context) {
  std::vector<std::string> argv(context.options.words.begin() + 1, context.options.words.end());
  return run_within(context, std::move(argv), {});
}

int shell_command(Context& context) {
  const Result<std::vector<std::string>>& bash = exec::files_of_bash();
  if (!bash) return refuse(context, "E912", bash.error().message);
  return run_within(context, {"bash"}, *bash);
}

}  // namespace devgraph::cli
