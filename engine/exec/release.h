#pragma once
/// Carries effects out: plans their steps, looks at every target, and does what is not there yet,
/// with a ledger, so that what was interrupted goes on where it stopped.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/actions/effects/effect.h"
#include "engine/base/files.h"
#include "engine/exec/build.h"
#include "engine/exec/ledger.h"
#include "engine/exec/runner.h"
#include "engine/exec/secrets.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

/// The effects that goals are or need, each behind those that it needs.
std::vector<NodeId> effects_of(const Graph& graph, std::span<const NodeId> goals);

/// The nodes, no effects, that these effects, what asks for them and what undoes them read or come
/// after: all of them have to be made before anything is carried out. Sorted by id.
std::vector<NodeId> needs_of_effects(const Graph& graph, std::span<const NodeId> effects);

/// All nodes that a release of these effects may run: they, and what asks for them and undoes them.
std::vector<NodeId> nodes_of_effects(const Graph& graph, std::span<const NodeId> effects);

/// Where secrets of these effects go to, each once.
std::vector<actions::SecretUse> secret_uses(const Graph& graph, Files& files,
                                            const std::string& workspace,
                                            std::span<const NodeId> effects);

/// Asks before anything is built: those that would be refused, and why.
std::vector<NotReady> refused_effects(const Graph& graph, Files& files,
                                      const std::string& workspace, std::span<const NodeId> effects,
                                      const SecretValues& secrets);

struct ReleaseOptions {
  std::string workspace;  ///< Absolute.
  /// Absolute: a folder of the caller, for a plan that is only looked at, without the lock of the
  /// state. Empty: one in the state.
  std::string aside = {};
  std::vector<NodeId> effects;
  SecretValues secrets;
  bool keep_going = false;
  std::string commit;                                 ///< Of the workspace, or empty.
  std::vector<std::string> goals;                     ///< Labels, for the ledger.
  std::chrono::milliseconds visible_within{120'000};  ///< After a step, until its target shows it.
  /// Until a target shows what a run that was killed had sent.
  std::chrono::milliseconds settles_within{3'000};
};

/// How a step stands before anything is done.
enum class StepState : std::uint8_t {
  New,
  Present,  ///< It is there as it should be.
  Moves,    ///< A moving name that stands for something else.
  Differs,  ///< A name that never moves stands for something else: it stops the release.
  Unsure,   ///< It was begun once, and nobody can say whether it was done.
};
std::string_view show(StepState state);

struct ReleaseStep {
  NodeId node{};
  actions::Step* step = nullptr;
  actions::Seen seen;
  StepState state = StepState::New;
  bool was_done = false;  ///< The ledger says that this workspace did it.
};

enum class StepEnd : std::uint8_t { Done, Failed, Blocked, NotStarted };

class ReleaseListener {
 public:
  virtual ~ReleaseListener() = default;
  virtual void started(std::size_t /*number*/, const ReleaseStep& /*step*/) {}
  /// `why`: of a failure, without secrets.
  virtual void ended(std::size_t /*number*/, const ReleaseStep& /*step*/, StepEnd /*end*/,
                     const std::string& /*why*/, std::chrono::milliseconds /*time*/) {}
};

struct ReleaseSummary {
  std::size_t steps = 0, done = 0, present = 0, failed = 0, blocked = 0, not_started = 0;
  std::chrono::milliseconds time{0};
  bool succeeded() const { return failed + blocked + not_started == 0; }
};

class Release {
 public:
  /// The inputs of all effects are in place. Errors name the node: arguments that make no sense, a
  /// target that does not answer. Nothing is changed outside. The caller holds the lock of the
  /// state, or has a folder aside.
  static Result<std::unique_ptr<Release>> plan(const Graph& graph, Files& files, Runner& runner,
                                               ReleaseOptions options);
  virtual ~Release() = default;

  /// In the order in which they are done.
  virtual const std::vector<ReleaseStep>& steps() const = 0;
  virtual const Ledger& ledger() const = 0;
  /// Does what is not there. Error: the ledger cannot be written; what a step fails with is told to
  /// the listener.
  virtual Result<ReleaseSummary> carry_out(ReleaseListener& listener) = 0;
  /// The steps that this workspace did, that are still there and can be taken back; the last first.
  virtual std::vector<std::size_t> revertible() const = 0;
  virtual Result<ReleaseSummary> revert(ReleaseListener& listener) = 0;
};

}  // namespace devgraph::exec
