#include "engine/exec/coordinator.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "engine/actions/net/http.h"
#include "engine/base/path.h"
#include "engine/exec/tally.h"

namespace devgraph::exec {
namespace {

/// How long one wait may last, so that displays and load limits live.
constexpr std::chrono::milliseconds kTick{100};

std::shared_ptr<const Redactor> redactor_of(const SecretValues& secrets) {
  if (secrets.empty()) return nullptr;
  std::vector<std::string> values;
  for (const auto& [name, value] : secrets)
    values.push_back(value);
  return std::make_shared<Redactor>(values);
}

}  // namespace

Coordinator::Coordinator(Survey& survey, Runner& runner, const BuildOptions& options,
                         Listener& listener)
    : graph_(survey.graph()),
      survey_(survey),
      counter_(graph_, survey.order()),
      files_(survey.files()),
      runner_(runner),
      options_(options),
      listener_(listener),
      state_folder_(join_path(options.workspace, ".devgraph")),
      redactor_(redactor_of(options.secrets)),
      cas_(files_, state_folder_),
      parts_(files_, state_folder_),
      logs_(graph_, files_, options.workspace, state_folder_),
      watch_(graph_, files_, options.workspace),
      toolbox_(files_, state_folder_),
      capacity_(graph_, options.jobs, options.load_limit),
      trace_(options.trace),
      again_(graph_.node_count()),
      states_(graph_.node_count(), State::Open),
      outcomes_(graph_.node_count(), Outcome::Fresh),
      held_(graph_.node_count()),
      rounds_(options.rounds ? *options.rounds : own_rounds_),
      roots_(graph_.node_count()),
      begun_(Clock::now()),
      last_tick_(begun_) {
  if (std::optional<Trace>& trace = rounds_.trace) trace_ = *std::move(trace);
  for (const NodeId id : options.always)
    again_[id] = has_ended(id) ? 0 : 1;
}

Coordinator::~Coordinator() {
  // Workers use members: none may be left. They are told to stop, and each is short or asks.
  stopping_ = true;
  while (in_flight_ != 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::string Coordinator::workspace_path(std::string_view path) const {
  return join_path(options_.workspace, path);
}

Result<Summary> Coordinator::run() {
  listener_.planned(counter_.total());
  frontier_ = std::make_unique<Frontier>(survey_, again_, options_.shuffle);
  left_ = frontier_->open().size();
  find_held();
  frontier_->start(held_);
  for (const NodeId id : frontier_->settled()) {
    states_[id] = State::Done;
    Finished finished;
    if (const auto before = rounds_.ended.find(survey_.label_digest(id));
        before != rounds_.ended.end()) {
      if (before->second.outcome == Outcome::Run) outcomes_[id] = Outcome::Run;
      finished.again = true;
    }
    tell(id, finished);
  }
  Status done = prepare();
  if (done && left_ != 0) done = loop();
  if (!done) {
    stopping_ = true;
    runner_.stop_all(options_.grace);
    return std::unexpected(done.error());
  }
  if (done = flush(); !done) return std::unexpected(done.error());
  if (next_scratch_ > 1) {
    if (done = files_.remove_all(state_folder_ + "/scratch"); !done) {
      return std::unexpected(done.error());
    }
  }
  if (done = survey_.index().save(); !done) return std::unexpected(done.error());
  if (done = survey_.record().compact_if_worth(parts_); !done) return std::unexpected(done.error());
  if (is_round_ && !is_halting()) return end_round();
  if (done = trace_.write(files_); !done) return std::unexpected(done.error());
  return sum_up();
}

Status Coordinator::prepare() {
  if (Status done = check_ownership(); !done) return done;
  // Cells that are not known yet have no nodes, but outputs all the same.
  if (!is_round_) {
    if (Status done = remove_orphans(); !done) return done;
  }
  if (left_ == 0) return {};
  // Leftovers of a killed build. The lock is ours, and it outlives commands, so nobody uses them.
  if (Status done = files_.remove_all(state_folder_ + "/scratch"); !done) return done;
  const Result<std::vector<FolderEntry>> failed = files_.list(state_folder_ + "/failed");
  failed_kept_ = failed && !failed->empty();
  watch_.begin(frontier_->open(), survey_.look().now);
  return {};
}

Status Coordinator::loop() {
  for (;;) {
    if (Status done = handle_posted(); !done) return done;
    if (signal_ == 0 && runner_.stop_signal() != 0) stop(runner_.stop_signal());
    if (signal_ == 0) {
      if (Status done = take_ready(); !done) return done;
      // What has ended is recorded before the next commands start, as starting takes its time.
      if (Status done = flush(); !done) return done;
      if (Status done = start_waiting(); !done) return done;
    }
    if (Status done = flush(); !done) return done;
    const bool more = !is_halting() && (!to_start_.empty() || !delayed_.empty());
    if (running_.empty() && !more) return {};
    if (Status done = wait_for_events(); !done) return done;
  }
}

Status Coordinator::take_ready() {
  while (const std::optional<NodeId> node = frontier_->next()) {
    if (Status done = decide(*node); !done) return done;
  }
  return {};
}

Status Coordinator::start_waiting() {
  const Clock::time_point now = Clock::now();
  for (std::size_t i = delayed_.size(); i-- > 0;) {
    if (delayed_[i].due > now) continue;
    to_start_.emplace(frontier_->urgency(delayed_[i].node), delayed_[i]);
    delayed_.erase(delayed_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  // What its pool holds back stands aside, so that it holds back no others.
  std::vector<std::pair<std::uint64_t, Waiting>> aside;
  while (!to_start_.empty() && !is_halting() && !capacity_.is_overloaded()) {
    const std::pair<std::uint64_t, Waiting> best = to_start_.top();
    const Capacity::Answer answer = capacity_.may_start(best.second.node);
    if (answer == Capacity::Answer::NoSlot) break;
    to_start_.pop();
    if (answer == Capacity::Answer::NoPool) {
      aside.push_back(best);
      continue;
    }
    const Result<Started> started = start(best.second);
    if (!started) return std::unexpected(started.error());
    if (*started != Started::Later) continue;
    aside.push_back(best);
    break;
  }
  for (const auto& one : aside)
    to_start_.push(one);
  return {};
}

Status Coordinator::wait_for_events() {
  std::chrono::milliseconds limit = kTick;
  const Clock::time_point now = Clock::now();
  for (const Waiting& one : delayed_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(one.due - now);
    limit = std::clamp(left, std::chrono::milliseconds(0), limit);
  }
  const Result<std::vector<Exit>> exits = runner_.wait(limit);
  if (!exits) return std::unexpected(exits.error());
  for (const Exit& exit : *exits) {
    if (Status done = handle(exit); !done) return done;
  }
  if (Clock::now() - last_tick_ >= kTick) {
    last_tick_ = Clock::now();
    listener_.tick();
  }
  return {};
}

Status Coordinator::handle(const Exit& exit) {
  const auto found = running_.find(exit.token);
  if (found == running_.end() || signal_ != 0) return {};
  Running& run = found->second;
  if (exit.not_started) return did_not_start(run, *exit.not_started);
  run.time = exit.time;
  run.left_children = exit.left_children;
  if (exit.left_children && run.log) {
    const Status done = run.log->append(
        "# processes that it left in the background were still running; they were ended\n");
    if (!done) return done;
  }
  return ran(run, fault_of(graph_, run.node, exit));
}

void Coordinator::post(Posted posted) {
  {
    const std::lock_guard<std::mutex> lock(posted_mutex_);
    posted_.push_back(std::move(posted));
  }
  runner_.wake();
  // Last, because the destructor waits for it.
  --in_flight_;
}

Status Coordinator::handle_posted() {
  std::vector<Posted> all;
  {
    const std::lock_guard<std::mutex> lock(posted_mutex_);
    all.swap(posted_);
  }
  for (Posted& one : all) {
    if (one.thrown) std::rethrow_exception(one.thrown);
    const auto found = running_.find(one.token);
    if (found == running_.end() || signal_ != 0) continue;
    Running& run = found->second;
    if (one.ran) {
      run.time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - run.started);
      std::string fault = one.status ? std::string() : one.status.error().message;
      run.refused = !one.status && one.status.error().code == net::kRefusedLogin;
      const std::chrono::milliseconds timeout(graph_.traits_of(run.node).timeout_ms);
      if (!one.status && timeout.count() != 0 && run.time >= timeout) {
        fault = timeout_words(graph_, run.node);
      }
      if (Status done = ran(run, fault); !done) return done;
    } else if (Status done = landed(run, std::move(one.landed)); !done) {
      return done;
    }
  }
  return {};
}

/// Everything learned since the last time, in the order in which it may become visible: contents,
/// what `why` shows, then the record that names both.
Status Coordinator::flush() {
  if (Status done = cas_.flush(); !done) return done;
  if (Status done = parts_.flush(); !done) return done;
  if (Status done = survey_.record().flush(); !done) return done;
  for (const std::string& folder : litter_) {
    if (Status done = files_.remove_all(folder); !done) return done;
  }
  litter_.clear();
  for (const std::string& folder : used_scratch_) {
    if (clean_scratch(folder)) {
      idle_scratch_.push_back(folder);
    } else if (Status done = files_.remove_all(folder); !done) {
      return done;
    }
  }
  used_scratch_.clear();
  return {};
}

bool Coordinator::is_group(NodeId node) const {
  return graph_.node(node).kind == ActionKind::Group;
}

void Coordinator::tell(NodeId node, Finished& finished) {
  finished.node = node;
  finished.completes = counter_.ends(node);
  // A group has nothing to do that could end; its parts say how they ended.
  if (!is_group(node)) listener_.finished(finished);
}

void Coordinator::end(NodeId node, Finished finished, State state) {
  states_[node] = state;
  outcomes_[node] = finished.outcome;
  if (finished.blocked_by) roots_[node] = *finished.blocked_by;
  if (state == State::Failed) {
    const bool excused = graph_.traits_of(node).may_fail != 0;
    all_excused_ = all_excused_ && excused;
    if (!options_.keep_going && !excused) halting_ = true;
  }
  tell(node, finished);
  if (is_round_) rounds_.ended[survey_.label_digest(node)] = finished;
  const bool is_bad = state == State::Failed || state == State::Blocked;
  if (is_bad && !is_group(node)) bad_.push_back(std::move(finished));
  --left_;
  frontier_->end(node);
}

/// Nothing that still runs lands; what has landed is recorded.
void Coordinator::stop(int signal) {
  signal_ = signal;
  stopping_ = true;
  listener_.stopping(signal, running_.size());
  runner_.stop_all(options_.grace);
  while (in_flight_ != 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::vector<std::uint64_t> tokens;
  tokens.reserve(running_.size());
  for (const auto& [token, run] : running_)
    tokens.push_back(token);
  for (const std::uint64_t token : tokens) {
    Running& run = running_.at(token);
    // That a log could not be ended must not keep others from being ended.
    static_cast<void>(close_log(run, "interrupted"));
    drop_in_place(run);
    unclaim(run.node);
    discard(run);
    release(token);
  }
}

Summary Coordinator::sum_up() {
  // What never came to be decided: blocked where something it needs failed, else not started.
  for (const NodeId id : frontier_->open()) {
    if (states_[id] != State::Open) continue;
    std::optional<NodeId> root;
    for_needs(graph_, id, [&](NodeId need) {
      if (root) return;
      if (states_[need] == State::Failed) root = need;
      if (states_[need] == State::Blocked) root = roots_[need];
    });
    Finished finished;
    finished.blocked_by = root;
    finished.outcome = root ? Outcome::Blocked : Outcome::NotStarted;
    states_[id] = root ? State::Blocked : State::NotStarted;
    outcomes_[id] = finished.outcome;
    if (root) roots_[id] = *root;
    tell(id, finished);
    if (root && !is_group(id)) bad_.push_back(std::move(finished));
  }
  Summary summary = count_nodes(graph_, survey_.order(), outcomes_);
  add_earlier();
  std::sort(bad_.begin(), bad_.end(),
            [](const Finished& a, const Finished& b) { return a.node < b.node; });
  summary.bad = std::move(bad_);
  std::sort(quarantined_.begin(), quarantined_.end());
  quarantined_.erase(std::unique(quarantined_.begin(), quarantined_.end()), quarantined_.end());
  summary.quarantined = std::move(quarantined_);
  summary.not_equal = std::move(not_equal_);
  summary.excused = all_excused_ && summary.failed != 0;
  summary.signal = signal_;
  summary.time =
      rounds_.time + std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
  return summary;
}

}  // namespace devgraph::exec
