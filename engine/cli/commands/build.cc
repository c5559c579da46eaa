#include "engine/exec/build.h"

#include <algorithm>
#include <csignal>
#include <random>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/jobs.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/locking.h"
#include "engine/cli/progress.h"
#include "engine/cli/secret_store.h"
#include "engine/cli/state_lock.h"
#include "engine/exec/jobserver.h"
#include "engine/exec/process_runner.h"
#include "engine/exec/tally.h"
#include "engine/graph/order.h"
#include "engine/store/record.h"

namespace devgraph::cli {
namespace {

/// All that is decided before the build itself starts.
struct Job {
  lang::Workspace workspace;
  Graph graph;
  std::vector<NodeId> goals;
};

std::string state_folder(const lang::Workspace& workspace) {
  return join_path(workspace.root, kStateFolder);
}

std::optional<Job> prepare(Context& context, Save save) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const std::optional<std::vector<LabelPattern>> labels =
      parse_labels(context, *workspace, context.options.words);
  if (!labels) return std::nullopt;
  std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), save);
  if (!graph) return std::nullopt;
  std::optional<std::vector<NodeId>> goals = choose_goals(context, *graph, *workspace, *labels);
  if (!goals) return std::nullopt;
  return Job{*workspace, std::move(*graph), std::move(*goals)};
}

std::uint64_t random_number() {
  std::random_device device;
  const std::uint64_t high = device();
  return (high << 32) | device();
}

exec::BuildOptions build_options(Context& context, const Job& job) {
  const Options& options = context.options;
  exec::BuildOptions build;
  build.workspace = job.workspace.root;
  build.goals = job.goals;
  if (options.always) {
    build.always = options.words.empty() ? needed_order(job.graph, job.goals) : job.goals;
  }
  build.jobs = job_count(options, context.environment);
  build.keep_going = options.keep_going;
  build.load_limit = options.load_limit;
  build.dry_run = options.dry_run;
  build.adopt = options.adopt;
  build.twice = options.twice;
  build.shuffle = options.shuffle;
  if (options.shuffle_any) {
    build.shuffle = random_number() % 1'000'000;
    context.console.talk(
        fmt::format("shuffled; the same order again: --shuffle={}\n", *build.shuffle));
  }
  build.sandbox = options.sandbox == SandboxChoice::Off       ? exec::SandboxMode::Off
                  : options.sandbox == SandboxChoice::Require ? exec::SandboxMode::Require
                                                              : exec::SandboxMode::On;
  build.trace = options.trace;
  build.explain = options.explain || options.dry_run;
  return build;
}

RenderStyle render_style(const Context& context) {
  RenderStyle style{.color = context.console.talk_color, .github_token = {}};
  const auto github = context.environment.find("GITHUB_ACTIONS");
  if (github != context.environment.end() && github->second == "true") {
    style.github_token = fmt::format("devgraph-{:016x}{:016x}", random_number(), random_number());
  }
  return style;
}

/// Recorded times of the nodes that the goals need.
std::vector<std::chrono::milliseconds> recorded_times(Context& context, const Job& job) {
  const store::Record record = store::Record::load(context.files, state_folder(job.workspace));
  std::vector<std::chrono::milliseconds> times(job.graph.node_count());
  for (const NodeId id : needed_order(job.graph, job.goals)) {
    const std::optional<store::Made> made = record.last(digest_of(label_of(job.graph, id)));
    if (made) times[index_of(id)] = made->time();
  }
  return times;
}

std::unique_ptr<Progress> make_progress(Context& context, const Job& job,
                                        const RenderStyle& style) {
  ProgressOptions options;
  options.style = style;
  options.explain = context.options.explain;
  options.dry_run = context.options.dry_run;
  options.jobs = job_count(context.options, context.environment);
  options.last_times = [&context, &job] { return recorded_times(context, job); };
  const auto term = context.environment.find("TERM");
  const bool dumb = term == context.environment.end() || term->second == "dumb";
  if (!context.console.talk_is_terminal || dumb) {
    return plain_progress(job.graph, context.console, std::move(options));
  }
  return terminal_progress(job.graph, context.console, std::move(options),
                           [] { return std::chrono::steady_clock::now(); });
}

/// Ours, or that of a make which runs us; its pipe is passed on to commands.
Result<exec::Jobserver> open_jobserver(Context& context, exec::Runner& runner) {
  const auto flags = context.environment.find("MAKEFLAGS");
  Result<exec::Jobserver> jobserver =
      exec::Jobserver::open(job_count(context.options, context.environment),
                            flags == context.environment.end() ? "" : flags->second);
  if (!jobserver) return jobserver;
  for (const int descriptor : jobserver->inherited())
    runner.inherit(descriptor);
  if (!jobserver->warning().empty() && !context.console.quiet) {
    context.console.talk(fmt::format("warning: {}\n", printable(jobserver->warning())));
  }
  return jobserver;
}

/// What the job asks for outside goes into the lock file, and the job is prepared anew with it.
/// None: faults are in `context.found`.
std::optional<Job> with_locked_names(Context& context, Job job, const exec::Runner& runner) {
  const std::vector<exec::NodeAsk> open = unlocked(job.graph, needed_order(job.graph, job.goals));
  if (open.empty()) return job;
  const bool is_done = lock_names(context, job.workspace, job.graph, open,
                                  [&] { return runner.stop_signal() != 0; });
  if (!is_done) return std::nullopt;
  return prepare(context, Save::Yes);
}

/// `--locked` and `-n` write no lock file. False: refused.
bool may_run_unlocked(Context& context, const Job& job) {
  const Options& options = context.options;
  if (!options.locked && !options.dry_run) return true;
  const std::vector<exec::NodeAsk> open = unlocked(job.graph, needed_order(job.graph, job.goals));
  if (open.empty()) return true;
  if (options.locked) {
    refuse_unlocked(context, job.graph, open);
    return false;
  }
  for (const exec::NodeAsk& one : open) {
    context.console.talk(
        fmt::format("would be locked first: {}\n", printable(show(one.asked.ask))));
  }
  return true;
}

/// Runs the build of a job that nothing speaks against.
int run_build(Context& context, const Job& job, exec::Runner& runner) {
  exec::BuildOptions options = build_options(context, job);
  Result<exec::Jobserver> jobserver = open_jobserver(context, runner);
  if (!jobserver) return refuse(context, "E912", jobserver.error().message);
  options.jobserver = &*jobserver;
  const RenderStyle style = render_style(context);
  const std::unique_ptr<Progress> progress = make_progress(context, job, style);
  bool has_secrets = true;
  options.find_secrets =
      [&](const std::vector<exec::WantedSecret>& wanted) -> Result<exec::SecretValues> {
    std::optional<exec::SecretValues> values =
        find_secrets(context, job.graph, wanted, [&] { return runner.stop_signal() != 0; });
    has_secrets = values.has_value();
    if (values) return *std::move(values);
    return fail("a secret is missing");
  };
  const Result<exec::Summary> summary =
      exec::build(job.graph, context.files, runner, options, *progress);
  progress->close();
  if (!has_secrets) return refuse(context);
  if (!summary) {
    const int status = refuse(context, "E912", summary.error().message);
    return progress->anything_started() ? kExitFailed : status;
  }
  if (!summary->refused.empty()) {
    for (const exec::NotReady& one : summary->refused) {
      add_fault(context, "E916",
                fmt::format("`{}` would be refused: {}", printable(label_of(job.graph, one.node)),
                            one.why),
                {"nothing has run"});
    }
    return refuse(context);
  }
  const int status = exit_status(*summary);
  if (!context.console.quiet || status != 0) {
    context.console.talk(stopped_line(*summary) + summary_line(*summary, context.options.dry_run) +
                         "\n" + summary_lists(job.graph, *summary, style));
  }
  return status;
}

}  // namespace

int build_command(Context& context) {
  const bool writes = !context.options.dry_run;
  std::optional<Job> job = prepare(context, writes ? Save::Yes : Save::No);
  if (!job || !may_run_unlocked(context, *job)) return refuse(context);
  say_doubts(context);
  const auto home = context.environment.find("HOME");
  const Result<std::unique_ptr<exec::ProcessRunner>> runner = exec::ProcessRunner::create(
      {.home = home == context.environment.end() ? std::string() : home->second});
  if (!runner) return refuse(context, "E912", runner.error().message);
  if (!writes) return run_build(context, *job, **runner);

  const Result<Locked> locked =
      take_lock(context, job->workspace, [&] { return (*runner)->stop_signal() != 0; });
  const auto stopped = [&]() -> std::optional<int> {
    constexpr int kSignalBase = 128;
    const int signal = (*runner)->stop_signal();
    if (signal == 0) return std::nullopt;
    context.console.talk(fmt::format("stopped by {}\n", exec::signal_name(signal)));
    return kSignalBase + signal;
  };
  if (!locked) {
    const std::optional<int> status = stopped();
    return status ? *status : refuse_lock(context, locked.error());
  }
  if (locked->waited) {
    job = prepare(context, Save::Yes);
    if (!job || !may_run_unlocked(context, *job)) return refuse(context);
  }
  job = with_locked_names(context, *std::move(job), **runner);
  if (!job) {
    const std::optional<int> status = stopped();
    return status ? *status : refuse(context);
  }
  (*runner)->inherit(locked->lock.descriptor());
  return run_build(context, *job, **runner);
}

}  // namespace devgraph::cli
