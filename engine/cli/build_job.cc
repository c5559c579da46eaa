#include "engine/cli/build_job.h"

#include <algorithm>
#include <csignal>
#include <random>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/goals.h"
#include "engine/cli/jobs.h"
#include "engine/cli/live_line.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/locking.h"
#include "engine/cli/pin_file.h"
#include "engine/cli/progress.h"
#include "engine/cli/secret_store.h"
#include "engine/cli/state_lock.h"
#include "engine/exec/jobserver.h"
#include "engine/exec/owned.h"
#include "engine/exec/process_runner.h"
#include "engine/exec/tally.h"
#include "engine/graph/order.h"
#include "engine/store/record.h"

namespace devgraph::cli {
namespace {

std::string state_folder(const lang::Workspace& workspace) {
  return join_path(workspace.root, kStateFolder);
}

/// How a graph is made.
struct Making {
  Save save = Save::No;
  lang::LateOptions late;
};

std::optional<Job> plan_job(Context& context, const lang::Workspace& workspace,
                            const std::vector<LabelPattern>& labels, const Making& making,
                            const Choose& choose) {
  std::optional<Graph> graph = load_graph(context, workspace, demanded_projects(workspace, labels),
                                          making.save, making.late);
  if (!graph) return std::nullopt;
  std::optional<std::vector<NodeId>> goals = choose(context, *graph, workspace, labels);
  if (!goals) return std::nullopt;
  return Job{workspace, std::move(*graph), std::move(*goals), choose};
}

/// `made`: as in lang::LateOptions.
std::optional<Job> prepare(Context& context, Save save, const Choose& choose,
                           const std::set<std::string>& made = {}) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const std::optional<std::vector<LabelPattern>> labels =
      parse_labels(context, *workspace, context.options.words);
  if (!labels) return std::nullopt;
  std::optional<Job> job =
      plan_job(context, *workspace, *labels, {save, {.forget = false, .made = made}}, choose);
  if (job || save == Save::No || !made.empty()) return job;
  // What makes no sense with the cells that are known now may do with those that a build finds.
  Diagnostics said = std::move(context.found);
  context.found = Diagnostics();
  job = plan_job(context, *workspace, *labels, {Save::No, {.forget = true, .made = {}}}, choose);
  if (job && has_waiting(job->graph)) return job;
  context.found = std::move(said);
  return std::nullopt;
}

std::uint64_t random_number() {
  std::random_device device;
  const std::uint64_t high = device();
  return (high << 32) | device();
}

/// `-B`: of what is named, or of everything.
std::vector<NodeId> always_again(const Context& context, const Job& job) {
  if (!context.options.always) return {};
  return context.options.words.empty() ? needed_order(job.graph, job.goals) : job.goals;
}

exec::BuildOptions build_options(Context& context, const Job& job) {
  const Options& options = context.options;
  exec::BuildOptions build;
  build.workspace = job.workspace.root;
  build.goals = job.goals;
  build.always = always_again(context, job);
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
  if (!can_redraw(context)) return plain_progress(job.graph, context.console, std::move(options));
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
std::optional<Job> with_locked_names(Context& context, Job job, const exec::Runner& runner,
                                     const std::set<std::string>& made = {}) {
  const std::vector<exec::NodeAsk> open = unlocked(job.graph, needed_order(job.graph, job.goals));
  if (open.empty()) return job;
  const bool is_done = lock_names(context, job.workspace, job.graph, open,
                                  [&] { return runner.stop_signal() != 0; });
  if (!is_done) return std::nullopt;
  return prepare(context, Save::Yes, job.choose, made);
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

/// The rounds of one build.
struct Course {
  Context& context;
  Job& job;
  exec::Runner& runner;
  RenderStyle style;
  exec::BuildOptions options;
  exec::Rounds rounds{};
  exec::SecretValues secrets{};  ///< Found so far: nobody is asked twice.
  bool started = false;          ///< Anything has run.
  bool explained = false;        ///< What stopped it stands in `context.found`.
};

Result<exec::SecretValues> secrets_for(Course& course, std::vector<exec::WantedSecret> wanted) {
  std::erase_if(wanted,
                [&](const exec::WantedSecret& one) { return course.secrets.contains(one.name); });
  if (!wanted.empty()) {
    std::optional<exec::SecretValues> values = find_secrets(
        course.context, course.job.graph, wanted, [&] { return course.runner.stop_signal() != 0; });
    course.explained = !values;
    if (!values) return fail("a secret is missing");
    course.secrets.merge(*values);
  }
  return course.secrets;
}

Result<exec::Summary> run_round(Course& course) {
  const std::unique_ptr<Progress> progress =
      make_progress(course.context, course.job, course.style);
  Result<exec::Summary> summary =
      exec::build(course.job.graph, course.context.files, course.runner, course.options, *progress);
  progress->close();
  course.started = course.started || progress->anything_started();
  return summary;
}

/// The graph as it is after a round.
bool look_again(Course& course) {
  const std::set<std::string>& made = course.rounds.made;
  std::optional<Job> next = prepare(course.context, Save::Yes, course.job.choose, made);
  // The new cells may name things outside.
  if (next && !may_run_unlocked(course.context, *next)) next.reset();
  if (next) next = with_locked_names(course.context, *std::move(next), course.runner, made);
  course.explained = !next;
  if (!next) return false;
  course.job = std::move(*next);
  course.options.goals = course.job.goals;
  course.options.always = always_again(course.context, course.job);
  return true;
}

Result<exec::Summary> run_rounds(Course& course) {
  course.options.rounds = &course.rounds;
  course.options.find_secrets = [&course](const std::vector<exec::WantedSecret>& wanted) {
    return secrets_for(course, wanted);
  };
  Result<exec::Summary> summary = run_round(course);
  for (std::size_t known = 0; summary && summary->unfinished;) {
    const std::size_t now = course.rounds.ended.size() + course.rounds.made.size();
    if (now == known) return fail("what late axes are decoded from changes while it is built");
    known = now;
    if (!look_again(course)) return fail("the manifests have faults");
    summary = run_round(course);
  }
  return summary;
}

/// An earlier result of a goal that failed may still be in place, and is not what was asked for.
/// False: there is such a goal, which is told.
bool has_all_goals(Context& context, const Job& job, const exec::Summary& summary) {
  bool all = true;
  for (const exec::Finished& one : summary.bad) {
    if (!std::ranges::binary_search(job.goals, one.node)) continue;
    all = false;
    context.console.talk(
        fmt::format("{} {}: what it makes is needed here, so `may_fail` does not excuse it\n",
                    shown_label(job.graph, one.node),
                    one.outcome == exec::Outcome::Failed ? "failed" : "is blocked"));
  }
  return all;
}

/// Runs the build of a job that nothing speaks against.
int run_build(Context& context, Job& job, bool uses_goals, exec::Runner& runner) {
  const RenderStyle style = render_style(context);
  Course course{context, job, runner, style, build_options(context, job)};
  Result<exec::Jobserver> jobserver = open_jobserver(context, runner);
  if (!jobserver) return refuse(context, "E912", jobserver.error().message);
  course.options.jobserver = &*jobserver;
  const Result<exec::Summary> summary = run_rounds(course);
  if (!summary) {
    const int status =
        course.explained ? refuse(context) : refuse(context, "E912", summary.error().message);
    return course.started ? kExitFailed : status;
  }
  if (!summary->refused.empty()) {
    for (const exec::NotReady& one : summary->refused) {
      std::vector<std::string> helps;
      if (!course.started) helps.emplace_back("nothing has run");
      add_fault(context, "E916",
                fmt::format("`{}` would be refused: {}", printable(label_of(job.graph, one.node)),
                            one.why),
                std::move(helps));
    }
    const int status = refuse(context);
    return course.started ? kExitFailed : status;
  }
  int status = exit_status(*summary);
  const bool is_excused = status == kExitDone && summary->failed > 0;
  if (!context.console.quiet || status != 0) {
    context.console.talk(stopped_line(*summary) + summary_line(*summary, context.options.dry_run) +
                         "\n" + summary_lists(job.graph, *summary, style));
    say_pins(context, job.workspace, job.graph, job.goals);
    for (const exec::Drift& drift :
         exec::drifted_links(job.graph, context.files, job.workspace.root, job.goals)) {
      context.console.talk(fmt::format("warning: {}  {}\n", label_of(job.graph, drift.node),
                                       printable(drift.reason)));
    }
  }
  if (uses_goals && is_excused && !has_all_goals(context, job, *summary)) status = kExitFailed;
  return status;
}

/// What is done while the lock is held.
int run_locked(Context& context, Job& job, const BuildHooks& hooks, exec::Runner& runner) {
  if (hooks.before) {
    if (const std::optional<int> status = hooks.before(job, runner)) return *status;
  }
  if (!job.goals.empty() || !hooks.after) {
    const int status = run_build(context, job, hooks.uses_goals, runner);
    if (status != kExitDone || !hooks.after) return status;
  }
  return hooks.after(job, runner);
}

/// Waits for the lock; if somebody else had it, the tree may be another one by now.
int with_runner(Context& context, Job job, const BuildHooks& hooks, exec::ProcessRunner& runner) {
  const Result<Locked> locked =
      take_lock(context, job.workspace, [&] { return runner.stop_signal() != 0; });
  const auto refused = [&](const std::function<int()>& otherwise) {
    constexpr int kSignalBase = 128;
    const int signal = runner.stop_signal();
    if (signal == 0) return otherwise();
    context.console.talk(fmt::format("stopped by {}\n", exec::signal_name(signal)));
    return kSignalBase + signal;
  };
  if (!locked) return refused([&] { return refuse_lock(context, locked.error()); });
  if (locked->waited) {
    std::optional<Job> now = prepare(context, Save::Yes, hooks.choose);
    if (!now || !may_run_unlocked(context, *now)) return refuse(context);
    job = *std::move(now);
  }
  std::optional<Job> named = with_locked_names(context, std::move(job), runner);
  if (!named) return refused([&] { return refuse(context); });
  runner.inherit(locked->lock.descriptor());
  return run_locked(context, *named, hooks, runner);
}

}  // namespace

int build_with(Context& context, const BuildHooks& hooks) {
  const bool writes = !context.options.dry_run;
  std::optional<Job> job = prepare(context, writes ? Save::Yes : Save::No, hooks.choose);
  if (!job || !may_run_unlocked(context, *job)) return refuse(context);
  say_doubts(context);
  say_lost_pins(context, job->workspace, job->graph);
  const auto home = context.environment.find("HOME");
  const Result<std::unique_ptr<exec::ProcessRunner>> runner = exec::ProcessRunner::create(
      {.home = home == context.environment.end() ? std::string() : home->second});
  if (!runner) return refuse(context, "E912", runner.error().message);
  if (!writes) return run_build(context, *job, hooks.uses_goals, **runner);
  return with_runner(context, *std::move(job), hooks, **runner);
}

int build_for_use(Context& context) {
  return build_with(context, {.choose = choose_goals, .uses_goals = true});
}

}  // namespace devgraph::cli
