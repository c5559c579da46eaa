#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/image_goal.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/within.h"

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

/// A folder for the mounts of one command; it goes away with the object.
class Aside {
 public:
  Aside(Files& files, const std::string& state) : files_(files), folder_(state + "/run-XXXXXX") {
    is_made_ = files.make_folders(state).has_value() && ::mkdtemp(folder_.data()) != nullptr;
  }
  ~Aside() {
    if (is_made_) static_cast<void>(files_.remove_all(folder_));
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  const std::string& folder() const { return folder_; }
  bool is_made() const { return is_made_; }

 private:
  Files& files_;
  std::string folder_;
  bool is_made_ = false;
};

/// Runs this program once more, which becomes the command; its exit status, as a shell has it.
int wait_for(Context& context, const std::string& request) {
  // Keys at the terminal are for the command.
  const auto on_int = std::signal(SIGINT, SIG_IGN);
  const auto on_quit = std::signal(SIGQUIT, SIG_IGN);
  std::string word(exec::kEnterWord);
  std::string path = request;
  std::array<char*, 4> argv = {const_cast<char*>("devgraph"), word.data(), path.data(), nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t own;
  sigemptyset(&own);
  for (const int signal : {SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ})
    sigaddset(&own, signal);
  posix_spawnattr_setsigdefault(&attributes, &own);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int code =
      ::posix_spawn(&pid, "/proc/self/exe", nullptr, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  int status = 0;
  if (code == 0) {
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  std::signal(SIGINT, on_int);
  std::signal(SIGQUIT, on_quit);
  if (code != 0) return refuse(context, "E912", "cannot start a process of its own");
  constexpr int kSignalled = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

int build_image(const Context& context, const std::string& word) {
  Options options = context.options;
  options.words = {word};
  Context build{.options = options,
                .files = context.files,
                .console = context.console,
                .environment = context.environment,
                .folder = context.folder};
  return build_command(build);
}

/// Builds the image if it is stale, and runs a command in it: at its folder, with the workspace.
int run_within(Context& context, std::vector<std::string> argv,
               const std::vector<std::string>& bash) {
  const std::string word = context.options.words[0];
  const std::optional<ImageGoal> goal = find_image(context, word);
  if (!goal) return refuse(context);
  if (const int status = build_image(context, word); status != kExitDone) return status;
  const std::string state = join_path(goal->workspace, kStateFolder);
  const Aside aside(context.files, state);
  if (!aside.is_made()) {
    return refuse(context, "E912", fmt::format("cannot make a folder in {}", printable(state)));
  }
  exec::EnterRequest request;
  request.layout = goal->layout;
  request.layers = join_path(state, "layers");
  request.scratch = aside.folder();
  request.folder = context.folder;
  request.network = true;
  request.writable = {goal->workspace};
  request.environment = terminal_environment(context);
  request.argv = std::move(argv);
  request.bash = bash;
  const std::string path = join_path(aside.folder(), "enter.json");
  if (const Status done = exec::write_request(request, path); !done) {
    return refuse(context, "E912", done.error().message);
  }
  return wait_for(context, path);
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
