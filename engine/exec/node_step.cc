#include "engine/exec/node_step.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <mutex>

#include <fmt/format.h>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/failed_line.h"
#include "engine/exec/redactor.h"
#include "engine/exec/stage.h"
#include "engine/exec/tally.h"

namespace devgraph::exec {
namespace {

/// Of the user's own environment: where programs that change the world find what they need.
constexpr std::array<std::string_view, 22> kOutside = {"HOME",
                                                       "USER",
                                                       "LOGNAME",
                                                       "XDG_CONFIG_HOME",
                                                       "XDG_RUNTIME_DIR",
                                                       "DOCKER_HOST",
                                                       "DOCKER_CONFIG",
                                                       "SSH_AUTH_SOCK",
                                                       "KUBECONFIG",
                                                       "AWS_PROFILE",
                                                       "AWS_REGION",
                                                       "AWS_ACCESS_KEY_ID",
                                                       "AWS_SECRET_ACCESS_KEY",
                                                       "AWS_SESSION_TOKEN",
                                                       "GOOGLE_APPLICATION_CREDENTIALS",
                                                       "GNUPGHOME",
                                                       "http_proxy",
                                                       "https_proxy",
                                                       "no_proxy",
                                                       "SSL_CERT_FILE",
                                                       "SSL_CERT_DIR",
                                                       "GIT_SSH_COMMAND"};

void add_outside(const Graph& graph, NodeId node, std::vector<std::string>& environment) {
  const ValueId own = graph.node(node).env;
  for (const std::string_view name : kOutside) {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr || find_field(graph, own, name)) continue;
    // HOME is the scratch folder for nodes of a build.
    std::erase_if(environment, [&](const std::string& entry) {
      return entry.starts_with(fmt::format("{}=", name));
    });
    environment.push_back(fmt::format("{}={}", name, value));
  }
}

Status land(const NodeRuns& runs, NodeId node, const Stage& staged) {
  const std::span<const Output> outputs = runs.graph.outputs(node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string made = staged_output(staged, node, i, runs.scratch);
    const std::string place = join_path(runs.workspace, runs.graph.str(outputs[i].path));
    const Result<FileStat> stat = runs.files.lstat(made);
    if (!stat) return std::unexpected(stat.error());
    if (!stat->exists()) {
      return fail(
          fmt::format("output missing: {}", printable(runs.graph.str(outputs[i].declared))));
    }
    if (Status done = runs.files.make_folders(std::string(parent_path(place))); !done) return done;
    if (Status done = runs.files.remove_all(place); !done) return done;
    if (Status done = runs.files.rename(made, place); !done) return done;
  }
  return {};
}

/// Waits for the one command that runs.
Result<Exit> wait_for(Runner& runner) {
  constexpr std::chrono::milliseconds kGrace{3000};
  while (true) {
    Result<std::vector<Exit>> exits = runner.wait(std::chrono::milliseconds(200));
    if (!exits) return std::unexpected(exits.error());
    if (!exits->empty()) return std::move(exits->front());
    if (runner.stop_signal() == 0) continue;
    runner.stop_all(kGrace);
    return fail(fmt::format("stopped by {}", signal_name(runner.stop_signal())));
  }
}

/// How it ended, the `$` line that failed and where it stands, what that printed, and the log.
std::unexpected<Error> failed(const NodeRuns& runs, NodeId node, const Command& command,
                              const std::string& fault) {
  constexpr std::size_t kTail = 16384;
  constexpr std::size_t kLines = 20;
  const std::string tail = runs.logs.tail_bytes(node, kTail);
  std::string_view printed = tail;
  // The head of a log says what everybody knows; an empty line ends it.
  const std::size_t head = printed.starts_with("# //") ? printed.find("\n\n") : printed.npos;
  if (head != printed.npos) printed.remove_prefix(head + 2);
  const FailedLine line = failed_line(runs.graph, runs.files, node, command);
  std::vector<std::string> lines = last_lines(printed, kLines);
  cut_tail(line, lines);
  std::string text = fmt::format("{}\n--> {}:{}", fault, line.manifest, line.line);
  if (!line.command.empty()) text += fmt::format("\n$ {}", line.command);
  for (const std::string& one : lines)
    text += fmt::format("\n| {}", one);
  return fail(fmt::format("{}\nlog: {}", text, runs.logs.path(node)));
}

Status run_command(const NodeRuns& runs, NodeId node, AppendFile& log) {
  std::unique_ptr<SecretFolder> folder;
  if (!secrets_of(runs.graph, node).empty()) {
    Result<std::unique_ptr<SecretFolder>> made = SecretFolder::make();
    if (!made) return std::unexpected(made.error());
    folder = *std::move(made);
  }
  Stage staged{runs.graph, runs.files, runs.workspace, runs.state, SandboxMode::Off, {}, {}};
  staged.secrets = &runs.secrets;
  staged.secret_folder = folder.get();
  Result<Command> command = stage(staged, node, runs.scratch, runs.logs.full_path(node));
  if (!command) return std::unexpected(command.error());
  command->scratch = runs.scratch;
  add_outside(runs.graph, node, command->environment);
  if (folder) command->redactor = runs.redactor;
  if (Status done = runs.runner.start(1, *command); !done) return done;
  const Result<Exit> exit = wait_for(runs.runner);
  if (!exit) return std::unexpected(exit.error());
  if (const std::optional<Error>& error = exit->not_started) return std::unexpected(*error);
  const std::string fault = fault_of(runs.graph, node, *exit);
  const Status done = fault.empty() ? Status() : failed(runs, node, *command, fault);
  static_cast<void>(log.append(log_footer(fault.empty() ? "exit status 0" : fault, exit->time)));
  if (!done) return done;
  return land(runs, node, staged);
}

Status run_native(const NodeRuns& runs, NodeId node, AppendFile& log) {
  const actions::Action* action =
      actions::find_action(runs.graph.str(runs.graph.node(node).action));
  if (action == nullptr) return fail("this devgraph has no such action");
  const Stage staged{runs.graph, runs.files, runs.workspace, runs.state, SandboxMode::Off, {}, {}};
  const std::string temporary = join_path(runs.scratch, "tmp");
  if (Status done = runs.files.make_folders(temporary); !done) return done;
  const std::span<const Output> outputs = runs.graph.outputs(node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string path = staged_output(staged, node, i, runs.scratch);
    const bool is_tree = outputs[i].kind == OutputKind::Tree;
    const std::string folder = is_tree ? path : std::string(parent_path(path));
    if (Status done = runs.files.make_folders(folder); !done) return done;
  }
  std::mutex mutex;  // Guards the log.
  const actions::Context context{
      .graph = runs.graph,
      .node = node,
      .files = runs.files,
      .workspace = runs.workspace,
      .scratch = temporary,
      .path_of = [&](InputId id) { return input_path(runs.graph, runs.workspace, id); },
      .out_path = [&](std::size_t i) { return staged_output(staged, node, i, runs.scratch); },
      .log =
          [&](std::string_view text) {
            const std::lock_guard<std::mutex> lock(mutex);
            static_cast<void>(log.append(runs.redactor->apply(text) + '\n'));
          },
      .stopping = runs.stopping,
  };
  if (Status done = action->run(context); !done) return done;
  return land(runs, node, staged);
}

}  // namespace

std::optional<NodeId> child_of(const Graph& graph, NodeId node, std::string_view name) {
  const Node& row = graph.node(node);
  const std::string wanted = fmt::format("{}/{}", graph.str(row.name), name);
  const std::span<const AxisValue> axes = graph.axes(node);
  const auto same = [](const AxisValue& a, const AxisValue& b) {
    return a.axis == b.axis && a.value == b.value;
  };
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const Node& other = graph.node(NodeId{i});
    if (other.project != row.project || graph.str(other.name) != wanted) continue;
    if (std::ranges::equal(graph.axes(NodeId{i}), axes, same)) return NodeId{i};
  }
  return std::nullopt;
}

Status run_node(const NodeRuns& runs, NodeId node) {
  if (Status done = runs.files.remove_all(runs.scratch); !done) return done;
  if (Status done = runs.files.make_folders(runs.scratch); !done) return done;
  const Result<std::unique_ptr<AppendFile>> log = runs.logs.start(node, 1);
  if (!log) return std::unexpected(log.error());
  const bool is_native = runs.graph.node(node).kind == ActionKind::Native;
  return is_native ? run_native(runs, node, **log) : run_command(runs, node, **log);
}

NodeStep::NodeStep(const NodeRuns& runs, NodeId node, actions::StepFacts facts)
    : Step(std::move(facts)), runs_(runs), node_(node) {}

Result<actions::Seen> NodeStep::look() {
  const std::optional<NodeId> probe = child_of(runs_.graph, node_, "_probe");
  if (!probe) return actions::Seen{actions::Held::Unknown};
  const Status held = run_node(runs_, *probe);
  if (runs_.stopping) return std::unexpected(held ? Error{"interrupted"} : held.error());
  why_nothing_ = held ? std::string() : "its probe: " + held.error().message;
  return actions::Seen{held ? actions::Held::Same : actions::Held::Nothing};
}

Status NodeStep::revert(const std::string&) {
  const std::optional<NodeId> undo = child_of(runs_.graph, node_, "_revert");
  return undo ? run_node(runs_, *undo) : fail("this cannot be taken back");
}

}  // namespace devgraph::exec
