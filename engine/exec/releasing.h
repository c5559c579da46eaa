#pragma once
/// The parts of a release (release.h) that is going on.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/actions/action.h"
#include "engine/exec/node_log.h"
#include "engine/exec/node_step.h"
#include "engine/exec/redactor.h"
#include "engine/exec/release.h"
#include "engine/exec/survey.h"

namespace devgraph::exec {

/// The native effect that a node is; null: it is none.
const actions::Effect* native_effect(const Graph& graph, NodeId id);

/// Says to actions when the user does not want to go on.
class StopWatch {
 public:
  explicit StopWatch(const Runner& runner)
      : thread_([this, &runner] {
          constexpr std::chrono::milliseconds kStep{50};
          while (!over_) {
            if (runner.stop_signal() != 0) stopping_ = true;
            std::this_thread::sleep_for(kStep);
          }
        }) {}
  ~StopWatch() {
    over_ = true;
    thread_.join();
  }
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;
  const std::atomic<bool>& stopping() const { return stopping_; }

 private:
  std::atomic<bool> stopping_{false};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// One effect of a release, with all that its steps hold on to.
struct Part {
  NodeId node{};
  std::string receipt;  ///< Where the planned one is; absolute.
  std::unique_ptr<AppendFile> log;
  std::mutex log_mutex;  ///< Guards `log`.
  std::optional<actions::Context> context;
  std::vector<std::unique_ptr<actions::Step>> steps;
  std::size_t open = 0;  ///< Steps that are not done.
};

class Releasing final : public Release {
 public:
  Releasing(const Graph& graph, Files& files, Runner& runner, ReleaseOptions options,
            Ledger ledger);
  ~Releasing() override;

  Status plan();
  const std::vector<ReleaseStep>& steps() const override { return steps_; }
  const Ledger& ledger() const override { return ledger_; }
  Result<ReleaseSummary> carry_out(ReleaseListener& listener) override;
  std::vector<std::size_t> revertible() const override;
  Result<ReleaseSummary> revert(ReleaseListener& listener) override;

 private:
  Status plan_part(Part& part, const Survey& survey);
  Status plan_node(Part& part, const Survey& survey);
  actions::Context context_of(Part& part, const std::atomic<bool>& stopping);
  std::string content_path(InputId input) const;
  std::string rule_of(NodeId id) const;
  void order();
  std::vector<std::vector<std::size_t>> needs_of_parts() const;
  Status refuse_two_meanings() const;
  Status look_at_all();
  bool has_outputs(NodeId id) const;
  StepState state_of(const ReleaseStep& step) const;
  std::string hidden(const std::string& text) const { return redactor_->apply(text); }
  std::string label(NodeId id) const { return printable(label_of(graph_, id)); }

  struct Course;
  struct HeldLease {
    std::unique_ptr<actions::Context> context;
    std::unique_ptr<actions::Lease> lease;
  };
  std::optional<std::string> why_blocked(const Course& course, const ReleaseStep& step) const;
  Status run_steps(Course& course);
  Status run_step(Course& course, std::size_t number);
  Status begin_ledger(const std::string& release);
  Status take_leases(const std::string& release);
  Status drop_leases();
  Status do_step(ReleaseStep& step);
  Status put(ReleaseStep& step, const actions::Seen& seen, const std::string& before);
  Result<actions::Seen> look_before(actions::Step& step) const;
  Status wait_until_visible(actions::Step& step);
  Status finish_part(Part& part);
  Part& part_of(NodeId id) { return *parts_.at(number_.at(id)); }

  const Graph& graph_;
  Files& files_;
  Runner& runner_;
  ReleaseOptions options_;
  Ledger ledger_;
  std::string state_;
  std::string folder_;  ///< Absolute; of this process alone.
  std::shared_ptr<const Redactor> redactor_;
  StopWatch stop_;
  NodeLogs logs_;
  NodeRuns runs_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::map<NodeId, std::size_t> number_;
  std::vector<std::vector<std::size_t>> needs_;
  std::vector<ReleaseStep> steps_;
  std::vector<HeldLease> leases_;  ///< That are held.
};

}  // namespace devgraph::exec
