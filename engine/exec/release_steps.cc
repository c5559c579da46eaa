/// The second half of a release: its steps are done, or taken back.

#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "engine/actions/net/http.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/releasing.h"

namespace devgraph::exec {
namespace {

using actions::Held;
using actions::Seen;
using actions::Step;
using actions::StepFacts;
using Clock = std::chrono::steady_clock;

std::chrono::milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

}  // namespace

/// How far it is.
struct Releasing::Course {
  ReleaseListener& listener;
  ReleaseSummary summary{};
  std::set<NodeId> failed{};   ///< Effects with a step that failed or is blocked.
  std::set<NodeId> refused{};  ///< Those whose login a target refused.
};

std::optional<std::string> Releasing::why_blocked(const Course& course,
                                                  const ReleaseStep& step) const {
  if (course.failed.empty()) return std::nullopt;
  if (course.refused.contains(step.node)) {
    return fmt::format("the login of {} was refused, and is not tried again", label(step.node));
  }
  if (step.step->facts().turn == actions::Turn::Moving) {
    return "names move only when all else is done";
  }
  if (step.step->facts().waits && course.failed.contains(step.node)) {
    return "it waits for all of " + label(step.node);
  }
  for (const std::size_t need : needs_[number_.at(step.node)]) {
    if (course.failed.contains(parts_[need]->node)) return label(parts_[need]->node);
  }
  return std::nullopt;
}

Status Releasing::wait_until_visible(actions::Step& step) {
  const auto deadline = Clock::now() + options_.visible_within;
  constexpr std::chrono::milliseconds kFirst{100};
  constexpr std::chrono::milliseconds kLongest{5000};
  for (auto pause = kFirst;; pause = std::min(pause * 2, kLongest)) {
    const Result<Seen> seen = step.look();
    if (seen && (seen->held == Held::Same || seen->held == Held::Unknown)) return {};
    if (stop_.stopping()) return actions::interrupted();
    const bool is_refused = !seen && seen.error().code == net::kRefusedLogin;
    if (is_refused || Clock::now() >= deadline) {
      if (!seen) return std::unexpected(seen.error());
      if (seen->held == Held::Other) {
        return fail(fmt::format("the target shows {} instead", printable(seen->what)));
      }
      const std::string why = step.why_nothing();
      return fail(fmt::format("it was done, but after {} the target does not show it{}{}",
                              human_duration(options_.visible_within), why.empty() ? "" : "\n",
                              why));
    }
    std::this_thread::sleep_for(pause);
  }
}

/// A run that was killed may have left a request on its way: what was begun is not sent a second
/// time before its target had a moment to show it.
Result<Seen> Releasing::look_before(Step& step) const {
  const bool was_begun = ledger_.entry(step.facts()).mark == Ledger::Mark::Started;
  const auto deadline = Clock::now() + options_.settles_within;
  constexpr std::chrono::milliseconds kPause{250};
  while (true) {
    Result<Seen> seen = step.look();
    const bool may_come = seen && (seen->held == Held::Nothing || seen->held == Held::Other);
    if (!was_begun || !may_come || stop_.stopping() || Clock::now() >= deadline) return seen;
    std::this_thread::sleep_for(kPause);
  }
}

Status Releasing::put(ReleaseStep& step, const Seen& seen, const std::string& before) {
  if (seen.held == Held::Same) return {};
  Status done = step.step->apply();
  if (done) done = wait_until_visible(*step.step);
  if (done) return done;
  const Error error{hidden(done.error().message), done.error().code};
  // It is reported; what the ledger has of it is only for people.
  static_cast<void>(ledger_.note(Ledger::Mark::Failed, label_of(graph_, step.node),
                                 step.step->facts(), before, error.message));
  return std::unexpected(error);
}

Status Releasing::do_step(ReleaseStep& step) {
  const StepFacts& facts = step.step->facts();
  const std::string node = label_of(graph_, step.node);
  // A name may have been taken since the plan was shown.
  const Result<Seen> seen = look_before(*step.step);
  if (!seen) return std::unexpected(seen.error());
  if (seen->held == Held::Other && facts.turn != actions::Turn::Moving) {
    return fail(fmt::format("it stands for {} by now, not for {}; nothing is overwritten",
                            printable(seen->what), facts.digest));
  }
  const std::string before = seen->held == Held::Other ? seen->what : std::string();
  if (Status noted = ledger_.note(Ledger::Mark::Started, node, facts, before); !noted) return noted;
  if (Status done = put(step, *seen, before); !done) return done;
  return ledger_.note(Ledger::Mark::Done, node, facts, before);
}

/// When all of an effect is there, so is its receipt.
Status Releasing::finish_part(Part& part) {
  if (part.receipt.empty()) return {};
  const Result<std::string> text = files_.read(part.receipt);
  if (!text) return std::unexpected(text.error());
  const std::span<const Output> outputs = graph_.outputs(part.node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string path = join_path(options_.workspace, graph_.str(outputs[i].path));
    if (Status done = files_.make_folders(std::string(parent_path(path))); !done) return done;
    if (Status done = files_.write(path, *text, 0644, false); !done) return done;
  }
  return {};
}

/// One step and all that is told of it. Error: the state cannot be written.
Status Releasing::run_step(Course& course, std::size_t number) {
  ReleaseStep& step = steps_[number];
  Part& part = part_of(step.node);
  course.listener.started(number, step);
  const auto start = Clock::now();
  if (!part.log && part.context) {
    Result<std::unique_ptr<AppendFile>> log = logs_.start(step.node, 1);
    if (!log) return std::unexpected(log.error());
    part.log = *std::move(log);
  }
  const Status done = do_step(step);
  if (done) {
    ++course.summary.done;
    course.listener.ended(number, step, StepEnd::Done, {}, since(start));
    return {};
  }
  ++course.summary.failed;
  course.failed.insert(step.node);
  if (done.error().code == net::kRefusedLogin) course.refused.insert(step.node);
  course.listener.ended(number, step, StepEnd::Failed, hidden(done.error().message), since(start));
  return {};
}

Status Releasing::run_steps(Course& course) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    ReleaseStep& step = steps_[i];
    if (step.state == StepState::Present) {
      ++course.summary.present;
    } else if (stop_.stopping() || (!course.failed.empty() && !options_.keep_going)) {
      ++course.summary.not_started;
      course.listener.ended(i, step, StepEnd::NotStarted, {}, {});
      continue;
    } else if (const std::optional<std::string> why = why_blocked(course, step)) {
      ++course.summary.blocked;
      course.failed.insert(step.node);
      course.listener.ended(i, step, StepEnd::Blocked, *why, {});
      continue;
    } else {
      const std::size_t failures = course.summary.failed;
      if (Status done = run_step(course, i); !done) return done;
      if (course.summary.failed != failures) continue;
    }
    Part& part = part_of(step.node);
    if (--part.open > 0) continue;
    if (Status done = finish_part(part); !done) return done;
  }
  return {};
}

Status Releasing::begin_ledger(const std::string& release) {
  return ledger_.begin({release, options_.commit, options_.goals});
}

/// Of all targets that can hold one, due or not: they stand for the whole release, and an
/// unfinished one may have left its mark.
Status Releasing::take_leases(const std::string& release) {
  static const std::atomic<bool> kNever{false};
  std::set<std::string> targets;
  for (const ReleaseStep& step : steps_) {
    const actions::Effect* effect = native_effect(graph_, step.node);
    if (effect == nullptr || effect->lease == nullptr) continue;
    HeldLease held;
    // What stops a release does not stop it from taking its mark away.
    held.context = std::make_unique<actions::Context>(context_of(part_of(step.node), kNever));
    held.lease = effect->lease(*held.context);
    if (!targets.insert(held.lease->target()).second) continue;
    if (Status done = held.lease->take(release, ledger_.open_releases()); !done) {
      static_cast<void>(drop_leases());
      return std::unexpected(Error{hidden(done.error().message)});
    }
    leases_.push_back(std::move(held));
  }
  return {};
}

Status Releasing::drop_leases() {
  Status all;
  for (const HeldLease& held : leases_) {
    if (Status done = held.lease->drop(); !done) all = std::unexpected(done.error());
  }
  leases_.clear();
  return all;
}

Result<ReleaseSummary> Releasing::carry_out(ReleaseListener& listener) {
  const auto begun = Clock::now();
  Course course{listener};
  course.summary.steps = steps_.size();
  const bool is_due = std::ranges::any_of(
      steps_, [](const ReleaseStep& step) { return step.state != StepState::Present; });
  // What was interrupted before its last words is over, too, when all of it is there.
  const bool begins = is_due || ledger_.unfinished();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string release = fmt::format("{:x}", now.count());
  if (begins) {
    if (Status done = begin_ledger(release); !done) return std::unexpected(done.error());
    if (Status done = take_leases(release); !done) return std::unexpected(done.error());
  }
  Status done = run_steps(course);
  const Status dropped = drop_leases();
  if (!done) return std::unexpected(done.error());
  if (!dropped) return std::unexpected(dropped.error());
  if (begins && course.summary.succeeded()) {
    if (Status ended = ledger_.end(); !ended) return std::unexpected(ended.error());
  }
  course.summary.time = since(begun);
  return course.summary;
}

std::vector<std::size_t> Releasing::revertible() const {
  std::vector<std::size_t> found;
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const ReleaseStep& step = steps_[i];
    const StepFacts& facts = step.step->facts();
    if (!step.was_done || step.state != StepState::Present || !facts.can_revert) continue;
    // A name that was new has nothing to go back to.
    const bool is_new = ledger_.entry(facts).before.empty();
    if (facts.turn != actions::Turn::Moving || !is_new) found.push_back(i);
  }
  return found;
}

Result<ReleaseSummary> Releasing::revert(ReleaseListener& listener) {
  const auto begun = Clock::now();
  ReleaseSummary summary;
  for (const std::size_t i : revertible()) {
    ReleaseStep& step = steps_[i];
    const StepFacts& facts = step.step->facts();
    ++summary.steps;
    if (stop_.stopping() || (summary.failed > 0 && !options_.keep_going)) {
      ++summary.not_started;
      listener.ended(i, step, StepEnd::NotStarted, {}, {});
      continue;
    }
    listener.started(i, step);
    const auto start = Clock::now();
    const std::string before = ledger_.entry(facts).before;
    const Status done = step.step->revert(before);
    const auto time = since(start);
    if (!done) {
      ++summary.failed;
      listener.ended(i, step, StepEnd::Failed, hidden(done.error().message), time);
      continue;
    }
    const std::string node = label_of(graph_, step.node);
    if (Status noted = ledger_.note(Ledger::Mark::Reverted, node, facts, before); !noted)
      return std::unexpected(noted.error());
    ++summary.done;
    listener.ended(i, step, StepEnd::Done, {}, time);
  }
  summary.time = since(begun);
  return summary;
}

}  // namespace devgraph::exec
