/// The first half of a release: what is asked before anything is built, and the plan.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/asking.h"
#include "engine/exec/identify.h"
#include "engine/exec/release_plan.h"
#include "engine/exec/releasing.h"

namespace devgraph::exec {
namespace {

using actions::Effect;
using actions::Held;
using actions::Seen;
using actions::Step;
using actions::StepFacts;
using Clock = std::chrono::steady_clock;

Result<std::string> secret_of(const SecretValues& secrets, std::string_view name) {
  const auto found = secrets.find(name);
  if (found != secrets.end()) return found->second;
  return fail(fmt::format("the secret `{}` was not asked for", printable(name)));
}

std::shared_ptr<const Redactor> redactor_of(const SecretValues& secrets) {
  std::vector<std::string> values;
  for (const auto& [name, value] : secrets)
    values.push_back(value);
  return std::make_shared<const Redactor>(values);
}

}  // namespace

const actions::Effect* native_effect(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return node.kind == ActionKind::Native ? actions::find_effect(graph.str(node.action)) : nullptr;
}

Releasing::Releasing(const Graph& graph, Files& files, Runner& runner, ReleaseOptions options,
                     Ledger ledger)
    : graph_(graph),
      files_(files),
      runner_(runner),
      options_(std::move(options)),
      ledger_(std::move(ledger)),
      state_(join_path(options_.workspace, ".devgraph")),
      folder_(join_path(options_.aside.empty() ? state_ : options_.aside, "release")),
      redactor_(redactor_of(options_.secrets)),
      stop_(runner),
      logs_(graph, files, options_.workspace, options_.aside.empty() ? state_ : options_.aside),
      runs_{graph,
            files,
            runner,
            logs_,
            options_.secrets,
            redactor_,
            options_.workspace,
            state_,
            join_path(folder_, "scratch"),
            stop_.stopping()} {}

Releasing::~Releasing() {
  parts_.clear();
  static_cast<void>(files_.remove_all(folder_));
}

/// The receipt of an effect is known before it is done: what reads it is planned with that.
std::string Releasing::content_path(InputId input) const {
  const std::optional<NodeId> producer = graph_.producer(input);
  const auto found = producer ? number_.find(*producer) : number_.end();
  if (found != number_.end() && !parts_[found->second]->receipt.empty()) {
    return parts_[found->second]->receipt;
  }
  return input_path(graph_, options_.workspace, input);
}

actions::Context Releasing::context_of(Part& part, const std::atomic<bool>& stopping) {
  const std::string scratch = join_path(folder_, fmt::format("{}", index_of(part.node)));
  return actions::Context{
      .graph = graph_,
      .node = part.node,
      .files = files_,
      .workspace = options_.workspace,
      .scratch = scratch,
      .path_of = [this](InputId id) { return content_path(id); },
      .out_path =
          [this, &part](std::size_t i) {
            const OutputId output = graph_.output_id(part.node, i);
            return join_path(options_.workspace, graph_.str(graph_.output(output).path));
          },
      .log =
          [this, &part](std::string_view text) {
            const std::lock_guard<std::mutex> lock(part.log_mutex);
            if (part.log) static_cast<void>(part.log->append(redactor_->apply(text) + '\n'));
          },
      .stopping = stopping,
      .secret = [this](std::string_view name) { return secret_of(options_.secrets, name); },
      .hide = [this](std::string_view text) { return redactor_->apply(text); },
  };
}

/// As the user wrote it: a node may be the `self` of an instance.
std::string Releasing::rule_of(NodeId id) const {
  const Node& node = graph_.node(id);
  for (const Target& target : graph_.targets()) {
    const bool is_it = target.project == node.project && target.name == node.name;
    if (is_it && target.kind != TargetKind::Let) return std::string(graph_.str(target.rule));
  }
  return std::string(graph_.str(node.rule));
}

/// A node that is no native effect is one step: what it is and reads says which.
Status Releasing::plan_node(Part& part, const Survey& survey) {
  Hasher hash;
  const std::span<const Identity> known = graph_.identities();
  hash.digest(known.empty() ? identify(graph_)[part.node].static_key
                            : known[index_of(part.node)].static_key);
  for (const InputId input : graph_.inputs(part.node)) {
    const std::optional<NodeId> producer = graph_.producer(input);
    if (!producer || !number_.contains(*producer)) {
      hash.digest(survey.contents()[input]);
    } else if (const Part& other = *parts_[number_.at(*producer)]; !other.receipt.empty()) {
      const Result<std::string> text = files_.read(other.receipt);
      if (!text) return std::unexpected(text.error());
      hash.field(*text);
    } else {
      hash.field(other.steps.empty() ? "" : other.steps[0]->facts().digest);
    }
  }
  StepFacts facts;
  facts.kind = rule_of(part.node);
  facts.target = label(part.node);
  facts.digest = "key:" + hex(hash.finish());
  facts.can_revert = child_of(graph_, part.node, "_revert").has_value();
  facts.turn = facts.can_revert ? actions::Turn::Reversible : actions::Turn::Final;
  part.steps.push_back(std::make_unique<NodeStep>(runs_, part.node, std::move(facts)));
  return {};
}

Status Releasing::plan_part(Part& part, const Survey& survey) {
  const Effect* effect = native_effect(graph_, part.node);
  if (graph_.node(part.node).kind == ActionKind::Group) return {};
  if (effect == nullptr) return plan_node(part, survey);
  part.context.emplace(context_of(part, stop_.stopping()));
  if (Status done = files_.make_folders(part.context->scratch); !done) return done;
  Result<actions::Steps> steps = effect->plan(*part.context);
  if (!steps) return std::unexpected(steps.error());
  part.steps = std::move(steps->list);
  part.receipt = join_path(part.context->scratch, "receipt");
  return files_.write(part.receipt, steps->receipt, 0644, false);
}

std::vector<std::vector<std::size_t>> Releasing::needs_of_parts() const {
  std::vector<std::vector<std::size_t>> needs;
  for (const std::unique_ptr<Part>& part : parts_) {
    std::vector<std::size_t> own;
    for (const NodeId id : effects_of(graph_, std::span(&part->node, 1))) {
      const auto found = number_.find(id);
      if (id != part->node && found != number_.end()) own.push_back(found->second);
    }
    needs.push_back(std::move(own));
  }
  return needs;
}

void Releasing::order() {
  needs_ = needs_of_parts();
  std::vector<Turned> turned;
  std::vector<ReleaseStep> found;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i]->open = parts_[i]->steps.size();
    for (const std::unique_ptr<Step>& step : parts_[i]->steps) {
      turned.push_back({i, step->facts().turn});
      ReleaseStep made;
      made.node = parts_[i]->node;
      made.step = step.get();
      found.push_back(std::move(made));
    }
  }
  for (const std::size_t number : order_steps(turned, needs_))
    steps_.push_back(std::move(found[number]));
}

/// One name for two things: which it stands for in the end would depend on which step came last.
Status Releasing::refuse_two_meanings() const {
  std::map<std::string, const ReleaseStep*> known;
  for (const ReleaseStep& step : steps_) {
    const StepFacts& facts = step.step->facts();
    const ReleaseStep& first = *known.emplace(facts.target, &step).first->second;
    if (first.step->facts().digest == facts.digest) continue;
    return fail(fmt::format("{} and {} give one name, {}, to two things; release one of them",
                            label(first.node), label(step.node), printable(facts.target)));
  }
  return {};
}

/// What a native action behind effects makes, no build brings back. A command is not run again for
/// its outputs alone: nobody knows what else it does.
bool Releasing::has_outputs(NodeId id) const {
  if (graph_.node(id).kind != ActionKind::Native) return true;
  return std::ranges::all_of(graph_.outputs(id), [&](const Output& output) {
    const auto stat = files_.lstat(join_path(options_.workspace, graph_.str(output.path)));
    return stat && stat->exists();
  });
}

StepState Releasing::state_of(const ReleaseStep& step) const {
  const Ledger::Entry entry = ledger_.entry(step.step->facts());
  switch (step.seen.held) {
    case Held::Same:
      return StepState::Present;
    case Held::Nothing:
      return StepState::New;
    case Held::Other:
      return step.step->facts().turn == actions::Turn::Moving ? StepState::Moves
                                                              : StepState::Differs;
    case Held::Unknown:
      break;
  }
  if (entry.mark == Ledger::Mark::Done) {
    return has_outputs(step.node) ? StepState::Present : StepState::New;
  }
  return entry.mark == Ledger::Mark::Started ? StepState::Unsure : StepState::New;
}

/// Commands run one after the other; of the rest several are asked at once.
Status Releasing::look_at_all() {
  std::vector<Result<Seen>> seen(steps_.size(), Result<Seen>(Seen{}));
  const auto is_native = [&](const ReleaseStep& step) {
    return native_effect(graph_, step.node) != nullptr;
  };
  ask_all(steps_.size(), [&](std::size_t i) {
    if (is_native(steps_[i])) seen[i] = steps_[i].step->look();
  });
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    ReleaseStep& step = steps_[i];
    if (!is_native(step)) seen[i] = step.step->look();
    if (!seen[i]) {
      return fail(fmt::format("{}: {}", label(step.node), hidden(seen[i].error().message)));
    }
    step.seen = *seen[i];
    step.state = state_of(step);
    step.was_done = ledger_.entry(step.step->facts()).mark == Ledger::Mark::Done;
  }
  return {};
}

Status Releasing::plan() {
  if (Status done = files_.remove_all(folder_); !done) return done;
  if (Status done = files_.make_folders(folder_); !done) return done;
  Survey::Options look;
  look.workspace = options_.workspace;
  look.state = state_;
  look.goals = nodes_of_effects(graph_, options_.effects);
  const Result<Survey> survey = Survey::make(graph_, files_, look);
  if (!survey) return std::unexpected(survey.error());
  for (const NodeId id : options_.effects) {
    number_[id] = parts_.size();
    parts_.push_back(std::make_unique<Part>());
    Part& part = *parts_.back();
    part.node = id;
    if (Status done = plan_part(part, *survey); !done) {
      return fail(fmt::format("{}: {}", label(id), hidden(done.error().message)));
    }
  }
  order();
  if (options_.aside.empty()) {
    if (Status done = refuse_two_meanings(); !done) return done;
  }
  return look_at_all();
}

std::string_view show(StepState state) {
  switch (state) {
    case StepState::New:
      return "new";
    case StepState::Present:
      return "present";
    case StepState::Moves:
      return "moves";
    case StepState::Differs:
      return "differs";
    case StepState::Unsure:
      return "unsure";
  }
  return "";
}

std::vector<actions::SecretUse> secret_uses(const Graph& graph, Files& files,
                                            const std::string& workspace,
                                            std::span<const NodeId> effects) {
  std::vector<actions::SecretUse> found;
  for (const NodeId node : effects) {
    const Effect* effect = native_effect(graph, node);
    if (effect == nullptr || effect->uses == nullptr) continue;
    for (actions::SecretUse& use : with_asking_context(
             graph, files, workspace, node,
             [&](const actions::Context& context) { return effect->uses(context); })) {
      const bool is_known = std::ranges::any_of(found, [&](const actions::SecretUse& old) {
        return old.secret == use.secret && old.host == use.host;
      });
      if (!is_known) found.push_back(std::move(use));
    }
  }
  return found;
}

std::vector<NotReady> refused_effects(const Graph& graph, Files& files,
                                      const std::string& workspace, std::span<const NodeId> effects,
                                      const SecretValues& secrets) {
  const std::shared_ptr<const Redactor> redactor = redactor_of(secrets);
  std::vector<Status> answers(effects.size());
  ask_all(effects.size(), [&](std::size_t i) {
    const Effect* effect = native_effect(graph, effects[i]);
    if (effect == nullptr || effect->ready == nullptr) return;
    answers[i] =
        with_asking_context(graph, files, workspace, effects[i], [&](actions::Context& context) {
          context.secret = [&](std::string_view name) { return secret_of(secrets, name); };
          context.hide = [&](std::string_view text) { return redactor->apply(text); };
          return effect->ready(context);
        });
  });
  std::vector<NotReady> refused;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (!answers[i]) refused.push_back({effects[i], redactor->apply(answers[i].error().message)});
  }
  return refused;
}

Result<std::unique_ptr<Release>> Release::plan(const Graph& graph, Files& files, Runner& runner,
                                               ReleaseOptions options) {
  Result<Ledger> ledger = Ledger::open(files, join_path(options.workspace, ".devgraph"));
  if (!ledger) return std::unexpected(ledger.error());
  auto release =
      std::make_unique<Releasing>(graph, files, runner, std::move(options), *std::move(ledger));
  if (Status done = release->plan(); !done) return std::unexpected(done.error());
  return release;
}

}  // namespace devgraph::exec
