/// The beginning of a run: scratch folder, log, command; or a native action on a worker.

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <tbb/global_control.h>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/coordinator.h"
#include "engine/exec/within.h"
#include "engine/plan/key.h"

namespace devgraph::exec {
namespace {

/// The machine is out of processes, descriptors or memory for now; when a command ends, there is
/// room again.
bool is_shortage(int code) {
  return code == EAGAIN || code == EMFILE || code == ENFILE || code == ENOMEM;
}

}  // namespace

Stage Coordinator::stage_of(const Running& run) const {
  Stage stage{graph_, files_, options_.workspace, state_folder_, options_.sandbox, {}, run.missing};
  stage.toolbox = &toolbox_;
  stage.secrets = &options_.secrets;
  stage.secret_folder = run.secret_folder.get();
  if (options_.jobserver) stage.makeflags = options_.jobserver->makeflags();
  return stage;
}

Result<Coordinator::Started> Coordinator::start(const Waiting& waiting) {
  if (options_.jobserver && !options_.jobserver->try_acquire()) {
    if (!token_wanted_) runner_.watch(options_.jobserver->ready_descriptor());
    token_wanted_ = true;
    return Started::Later;
  }
  if (token_wanted_) runner_.watch(-1);
  token_wanted_ = false;
  capacity_.take(waiting.node);

  Running run;
  run.node = waiting.node;
  run.attempt = waiting.attempt;
  run.again = waiting.again;
  Lack lack = find_lack(run.node);
  run.missing = std::move(lack.missing);
  run.left_out = std::move(lack.left_out);
  claim(run.node);
  if (waiting.attempt == 1 && !waiting.again) {
    listener_.started(run.node, frontier_->last_time(run.node));
  }
  const std::uint64_t token = next_token_;
  if (Status done = start_attempt(std::move(run)); !done) {
    if (!is_shortage(done.error().code) || running_.size() < 2)
      return std::unexpected(done.error());
    discard(running_.at(token));
    release(token);
    return Started::Later;
  }
  return running_.contains(token) ? Started::Yes : Started::Ended;
}

/// From here on the run is in running_, under its token. What the node itself is to blame for ends
/// it as a failure; what is returned are errors of the machine.
Status Coordinator::start_attempt(Running new_run) {
  const std::uint64_t token = next_token_++;
  new_run.token = token;
  const bool is_new = idle_scratch_.empty();
  if (is_new) {
    new_run.scratch = fmt::format("{}/scratch/{}", state_folder_, next_scratch_++);
  } else {
    new_run.scratch = std::move(idle_scratch_.back());
    idle_scratch_.pop_back();
  }
  Running& run = running_.emplace(token, std::move(new_run)).first->second;
  run.started = Clock::now();
  if (is_new) {
    if (Status done = files_.make_folders(run.scratch); !done) return done;
  }
  Result<std::unique_ptr<AppendFile>> log = logs_.start(run.node, run.attempt);
  if (!log) return std::unexpected(log.error());
  run.log = std::move(*log);
  if (failed_kept_ && !run.second) {
    if (Status done = files_.remove_all(failed_folder(run.node)); !done) return done;
  }
  if (const std::optional<InputId> part = survey_.absent_part(run.node, run.missing)) {
    return fail_attempt(token, fmt::format("{} is not there", plan::input_name(graph_, *part)));
  }
  const Node& node = graph_.node(run.node);
  if (node.depfile != StrId{} || !seen_trees(graph_, run.node).empty()) {
    run.clock = files_.clock(state_folder_).value_or(0);
  }
  if (Status done = lay_out(run); !done) return done;
  const bool has_secrets = !options_.secrets.empty() && !secrets_of(graph_, run.node).empty();
  if (has_secrets) {
    Result<std::unique_ptr<SecretFolder>> folder = SecretFolder::make();
    if (!folder) return fail_attempt(token, folder.error().message);
    run.secret_folder = std::move(*folder);
  }
  if (node.kind == ActionKind::Native) return start_native(run);
  if (graph_.traits(node.traits).incremental != 0) {
    if (const Status done = lay_out_history(run); !done)
      return fail_attempt(token, done.error().message);
  }

  Result<Command> command = stage(stage_of(run), run.node, run.scratch, logs_.full_path(run.node));
  if (!command) {
    // That no node may enter its image is not the fault of this one.
    const int code = command.error().code;
    if (is_shortage(code) || code == kNoEntry) return std::unexpected(command.error());
    return fail_attempt(token, command.error().message);
  }
  run.command = std::move(*command);
  run.command.scratch = run.scratch;
  if (has_secrets) run.command.redactor = redactor_;
  const Status started = runner_.start(token, run.command);
  if (started || is_shortage(started.error().code)) return started;
  return fail_attempt(token, started.error().message);
}

/// The runner could not start it after all: as if `start` had said so, a little later.
Status Coordinator::did_not_start(Running& run, const Error& error) {
  constexpr std::chrono::milliseconds kPause{20};
  if (!is_shortage(error.code)) return fail_attempt(run.token, error.message);
  if (running_.size() < 2) return std::unexpected(error);
  delayed_.push_back({run.node, run.attempt, Clock::now() + kPause});
  discard(run);
  release(run.token);
  return {};
}

/// Where outputs will be made and belong; what is in the way of those made in place waits aside.
Status Coordinator::lay_out(Running& run) {
  const Stage stage = stage_of(run);
  const std::span<const Output> outputs = graph_.outputs(run.node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string_view path = graph_.str(outputs[i].path);
    LandItem item;
    item.declared = outputs[i].kind;
    item.staged = staged_output(stage, run.node, i, run.scratch);
    item.place = workspace_path(path);
    item.path = path;
    std::string parent(parent_path(item.place));
    if (!made_folders_.contains(parent)) {
      if (Status done = files_.make_folders(parent); !done) return done;
      made_folders_.insert(std::move(parent));
    }
    if (item.staged == item.place) {
      const Result<FileStat> stat = files_.lstat(item.place);
      if (!stat) return std::unexpected(stat.error());
      const std::string aside = fmt::format("{}.aside", run.scratch);
      const std::string waiting = fmt::format("{}/{}", aside, i);
      if (stat->exists()) {
        if (Status done = files_.make_folders(aside); !done) return done;
        if (Status done = files_.rename(item.place, waiting); !done) return done;
        run.moved.emplace_back(item.place, waiting);
      }
    }
    run.items.push_back(std::move(item));
  }
  return {};
}

/// For a native action: on a worker.
Result<std::string> Coordinator::write_secret(SecretFolder* folder, std::string_view name) const {
  const auto found = options_.secrets.find(name);
  if (!folder || found == options_.secrets.end()) {
    return fail(fmt::format("the secret `{}` was not asked for", printable(name)));
  }
  return folder->add(name, found->second);
}

Status Coordinator::start_native(Running& run) {
  const actions::Action* action = actions::find_action(graph_.str(graph_.node(run.node).action));
  if (!action) {
    return fail_attempt(run.token, fmt::format("this devgraph has no action `{}`",
                                               graph_.str(graph_.node(run.node).action)));
  }
  for (const LandItem& item : run.items) {
    const bool tree = item.declared == OutputKind::Tree;
    const std::string folder = tree ? item.staged : std::string(parent_path(item.staged));
    if (Status done = files_.make_folders(folder); !done) return done;
  }
  std::vector<std::string> staged;
  staged.reserve(run.items.size());
  for (const LandItem& item : run.items)
    staged.push_back(item.staged);
  // The worker shares nothing with the coordinator but what is const, and the log, which the
  // coordinator leaves alone until the result is posted.
  const std::string temporary = join_path(run.scratch, "tmp");
  if (Status done = files_.make_folders(temporary); !done) return done;
  AppendFile* log = run.log.get();
  const auto log_mutex = std::make_shared<std::mutex>();
  actions::Context context{
      .graph = graph_,
      .node = run.node,
      .files = files_,
      .workspace = options_.workspace,
      .scratch = temporary,
      .path_of = [this](InputId id) { return input_path(graph_, options_.workspace, id); },
      .out_path = [staged](std::size_t index) { return staged.at(index); },
      .log =
          [log, log_mutex, hide = run.secret_folder ? redactor_ : nullptr](std::string_view text) {
            const std::lock_guard<std::mutex> lock(*log_mutex);
            // A log that cannot be written shows when its footer is.
            static_cast<void>(log->append((hide ? hide->apply(text) : std::string(text)) + '\n'));
          },
      .stopping = stopping_,
      .missing = run.missing,
      .afresh = run.second || again_[run.node] != 0,
      .secret_file = [folder = run.secret_folder.get(),
                      this](std::string_view name) { return write_secret(folder, name); },
  };
  const std::uint64_t timeout = graph_.traits_of(run.node).timeout_ms;
  if (timeout != 0) context.deadline = run.started + std::chrono::milliseconds(timeout);
  on_worker(run.token, [action, context = std::move(context)](Posted& posted) {
    posted.ran = true;
    posted.status = action->run(context);
  });
  return {};
}

void Coordinator::on_worker(std::uint64_t token, std::function<void(Posted&)> work) {
  if (!arena_) {
    // Actions may wait for the network or a disk, so there are as many threads as `-j` says.
    constexpr unsigned kMost = 64;
    const unsigned threads = std::clamp(options_.jobs, 2U, kMost);
    const std::size_t present =
        tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
    // One more than the workers of the arena, for this thread.
    parallelism_ = std::make_unique<tbb::global_control>(
        tbb::global_control::max_allowed_parallelism, std::max<std::size_t>(threads + 1, present));
    arena_ = std::make_unique<tbb::task_arena>(static_cast<int>(threads), 0);
  }
  ++in_flight_;
  arena_->enqueue([this, token, work = std::move(work)] {
    Posted posted;
    posted.token = token;
    try {
      work(posted);
    } catch (...) {
      // Taken up by the coordinator's thread, as if it had happened there.
      posted.thrown = std::current_exception();
    }
    post(std::move(posted));
  });
}

}  // namespace devgraph::exec
