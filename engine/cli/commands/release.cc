#include "engine/exec/release.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/net/http.h"
#include "engine/base/text.h"
#include "engine/cli/ask_secret.h"
#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/effect_goals.h"
#include "engine/cli/goals.h"
#include "engine/cli/live_line.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/node_place.h"
#include "engine/cli/release_text.h"
#include "engine/cli/render.h"
#include "engine/exec/owned.h"
#include "lang/git.h"

namespace devgraph::cli {
namespace {

constexpr std::size_t kMostNamed = 20;

/// What is named is made or copied by another command.
void refuse_no_effect(Context& context, const Graph& graph, const lang::Workspace& workspace,
                      std::span<const LabelPattern> labels) {
  const auto named = select_nodes(context, graph, labels);
  Diagnostic fault{.code = "E940", .message = {}, .where = {}, .also = {}, .helps = {}};
  if (labels.empty() || !named || named->empty()) {
    fault.message = "`release` of this project holds no effect";
    fault.helps.emplace_back("an effect is a node of `push`, `upload`, `git_tag`, …");
    context.found.add(std::move(fault));
    return;
  }
  const NodeId node = named->front();
  const std::string label = shown_label(graph, node);
  const char* command = "build";
  std::string what = "made in the workspace";
  if (exec::is_freeze(graph, node)) {
    command = "freeze";
    what = "copies into the tree";
  } else if (exec::is_links(graph, node)) {
    command = "link";
    what = "makes links in the tree";
  }
  fault.message = fmt::format("`{}` is no effect, so there is nothing to release", label);
  fault.helps.push_back(
      fmt::format("write  devgraph {} {}", command, shell_word(label_of(graph, node))));
  add_fault_at(context, {graph, node, workspace.root}, std::move(fault), what);
}

/// What has to be built for a release, and what of it is no effect.
std::optional<std::vector<NodeId>> choose_needs(Context& context, const Graph& graph,
                                                const lang::Workspace& workspace,
                                                std::span<const LabelPattern> labels) {
  const std::optional<std::vector<NodeId>> wanted =
      released_nodes(context, graph, workspace, labels);
  if (!wanted) return std::nullopt;
  const std::vector<NodeId> effects = exec::effects_of(graph, *wanted);
  if (effects.empty()) {
    refuse_no_effect(context, graph, workspace, labels);
    return std::nullopt;
  }
  if (!refuse_impossible(context, graph, exec::nodes_of_effects(graph, effects))) {
    return std::nullopt;
  }
  std::vector<NodeId> needs = exec::needs_of_effects(graph, effects);
  for (const NodeId id : *wanted) {
    if ((graph.node(id).flags & node_flags::kEffect) == 0) needs.push_back(id);
  }
  std::ranges::sort(needs);
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  return needs;
}

/// One line a step, as it ends; on a terminal another one while it goes on.
class Lines final : public exec::ReleaseListener {
 public:
  Lines(Context& context, std::size_t steps, std::string_view done)
      : console_(context.console), steps_(steps), done_(done), live_(context) {}

  void started(std::size_t number, const exec::ReleaseStep& step) override {
    live_.begin(number_of(number), what_of(step));
  }

  void ended(std::size_t number, const exec::ReleaseStep& step, exec::StepEnd end,
             const std::string& why, std::chrono::milliseconds time) override {
    live_.end(text_of(number, step, end, why, time));
  }

 private:
  std::string number_of(std::size_t number) const {
    return fmt::format("[{}/{}]", number + 1, steps_);
  }
  static std::string what_of(const exec::ReleaseStep& step) {
    const actions::StepFacts& facts = step.step->facts();
    return fmt::format("{} {}", facts.kind, printable(facts.target));
  }

  std::string text_of(std::size_t number, const exec::ReleaseStep& step, exec::StepEnd end,
                      const std::string& why, std::chrono::milliseconds time) const {
    const std::string number_text = number_of(number);
    const std::string what = what_of(step);
    switch (end) {
      case exec::StepEnd::Done:
        if (console_.quiet) return {};
        return fmt::format("{} {}{} ({})  {}\n", number_text, done_, what,
                           short_digest(step.step->facts().digest), human_duration(time));
      case exec::StepEnd::Failed: {
        const std::string head = number_text + " FAILED " + what;
        std::string text = fmt::format("{} {}\n", painted(console_.talk_color, Paint::Red, head),
                                       human_duration(time));
        for (const std::string_view line : split(why, '\n'))
          text += fmt::format("    {}\n", printable(line));
        return text;
      }
      case exec::StepEnd::Blocked:
        return fmt::format("{} blocked {}: {}\n", number_text, what, printable(why));
      case exec::StepEnd::NotStarted:
        break;
    }
    return {};
  }

  Console& console_;
  std::size_t steps_;
  std::string_view done_;
  LiveLine live_;
};

/// The release command between its build and its end.
class Releasing {
 public:
  explicit Releasing(Context& context) : context_(context), options_(context.options) {}

  std::optional<int> before(Job& job, exec::Runner& runner);
  int after(Job& job, exec::Runner& runner);

 private:
  std::optional<std::vector<NodeId>> effects(const Job& job);
  bool refuses_other_commit(const exec::Ledger& ledger, const std::string& commit);
  int refuse_differing(const exec::Release& release);
  bool agreed(const std::string& question);
  int carry_out(exec::Release& release);
  int revert(exec::Release& release, const std::string& commit);
  void tell_other_commit(const exec::Release& release, const std::string& commit);
  void warn_of_changes(const Job& job, const exec::Release& release);
  int status_of(const exec::ReleaseSummary& summary, std::string_view done);

  Context& context_;
  const Options& options_;
  exec::Runner* runner_ = nullptr;
  exec::SecretValues secrets_;
  std::vector<std::string> goals_;
};

std::optional<std::vector<NodeId>> Releasing::effects(const Job& job) {
  const auto labels = parse_labels(context_, job.workspace, options_.words);
  if (!labels) return std::nullopt;
  const auto wanted = released_nodes(context_, job.graph, job.workspace, *labels);
  if (!wanted) return std::nullopt;
  goals_.clear();
  for (const NodeId id : *wanted)
    goals_.push_back(label_of(job.graph, id));
  return exec::effects_of(job.graph, *wanted);
}

/// All that can be known before the build is known before it: nobody waits an hour to hear that a
/// password is missing.
std::optional<int> Releasing::before(Job& job, exec::Runner& runner) {
  runner_ = &runner;
  const bool asks = !options_.plan_only && !options_.yes;
  if (asks && !has_terminal()) {
    return refuse(context_, "E941", "there is no terminal at which to ask whether to go on",
                  {"write  devgraph release --yes  to go on without being asked",
                   "or  devgraph release --dry-run  to see what would be done"});
  }
  const std::optional<std::vector<NodeId>> found = effects(job);
  if (!found) return refuse(context_);
  if (options_.plan_only) net::refuse_writes();
  std::optional<exec::SecretValues> values = find_effect_secrets(
      context_, job.graph, job.workspace.root, *found, [&] { return runner.stop_signal() != 0; });
  if (!values) return refuse(context_);
  secrets_ = *std::move(values);
  const std::vector<exec::NotReady> refused =
      exec::refused_effects(job.graph, context_.files, job.workspace.root, *found, secrets_);
  for (const exec::NotReady& one : refused) {
    add_fault(context_, "E916",
              fmt::format("`{}` would be refused: {}", shown_label(job.graph, one.node), one.why),
              {"nothing has run"});
  }
  if (!refused.empty()) return refuse(context_);
  return std::nullopt;
}

/// A release that was interrupted is ended with what it was begun with.
bool Releasing::refuses_other_commit(const exec::Ledger& ledger, const std::string& commit) {
  const std::optional<exec::ReleaseBegin>& begun = ledger.unfinished();
  if (!begun || !ledger.did_anything() || options_.anew || options_.plan_only) return false;
  if (begun->commit.empty() || begun->commit == commit || begun->goals != goals_) return false;
  add_fault(
      context_, "E943",
      fmt::format("a release of commit {} is not finished, and this is {}",
                  short_digest(begun->commit), commit.empty() ? "no commit" : short_digest(commit)),
      {fmt::format("to finish it, write  git switch --detach {}  and  devgraph release",
                   short_digest(begun->commit)),
       "to leave it as it is, write  devgraph release --new"});
  return true;
}

int Releasing::refuse_differing(const exec::Release& release) {
  std::size_t count = 0;
  for (const exec::ReleaseStep& one : release.steps()) {
    if (one.state != exec::StepState::Differs || ++count > kMostNamed) continue;
    const actions::StepFacts& facts = one.step->facts();
    add_fault(context_, "E942",
              fmt::format("{} {} is there already, and is something else", facts.kind,
                          printable(facts.target)),
              {fmt::format("there: {}", printable(one.seen.what)),
               fmt::format("here:  {}", printable(facts.digest)),
               "a name that says which version it is refuses to move: release under another one"});
  }
  return count == 0 ? kExitDone : refuse(context_);
}

/// A tag stands for a commit, and what goes with it may hold what no commit has.
void Releasing::warn_of_changes(const Job& job, const exec::Release& release) {
  const bool names_commit = std::ranges::any_of(release.steps(), [](const exec::ReleaseStep& one) {
    const std::string& kind = one.step->facts().kind;
    return one.state == exec::StepState::New && (kind == "tag" || kind == "branch");
  });
  if (!names_commit) return;
  const Result<std::optional<std::string>> dirty = lang::git_fact(job.workspace.root, "dirty", {});
  if (!dirty || *dirty != "true") return;
  context_.console.talk(
      "warning: there are changes that no commit has; what is built may hold them, and the commit "
      "that is tagged does not\n"
      "   = to refuse this, write into the manifest  assert not git.dirty, \"commit first\"\n");
}

bool Releasing::agreed(const std::string& question) {
  if (options_.yes) return true;
  return confirm_on_terminal(context_.console, question,
                             [&] { return runner_->stop_signal() != 0; });
}

int Releasing::status_of(const exec::ReleaseSummary& summary, std::string_view done) {
  constexpr int kSignalBase = 128;
  context_.console.talk(release_line(summary, done) + "\n");
  if (runner_->stop_signal() != 0) return kSignalBase + runner_->stop_signal();
  return summary.succeeded() ? kExitDone : kExitFailed;
}

int Releasing::carry_out(exec::Release& release) {
  const auto& steps = release.steps();
  const auto due = static_cast<std::size_t>(std::ranges::count_if(
      steps, [](const auto& one) { return one.state != exec::StepState::Present; }));
  if (due > 0) {
    if (options_.format.empty()) context_.console.talk(plan_table(steps));
    if (!agreed(fmt::format("{}. Go on? [y/N] ", plan_line(steps)))) {
      return refuse(context_, "E941", "not agreed to; nothing was done");
    }
  }
  Lines lines(context_, steps.size(), "");
  const Result<exec::ReleaseSummary> summary = release.carry_out(lines);
  if (!summary) return refuse(context_, "E945", summary.error().message);
  return status_of(*summary, "done");
}

/// Steps are told by what they would do now, and a tag would stand for another commit now.
void Releasing::tell_other_commit(const exec::Release& release, const std::string& commit) {
  const std::string& last = release.ledger().last_commit();
  if (last.empty() || last == commit) return;
  context_.console.talk(fmt::format(
      "the last release was of commit {}, and this is {}: to take that one back, write  "
      "git switch --detach {}  and  devgraph release --revert\n",
      short_digest(last), commit.empty() ? "no commit" : short_digest(commit), short_digest(last)));
}

int Releasing::revert(exec::Release& release, const std::string& commit) {
  const std::vector<std::size_t> numbers = release.revertible();
  const auto& steps = release.steps();
  std::string text;
  for (const std::size_t i : numbers) {
    const actions::StepFacts& facts = steps[i].step->facts();
    text += fmt::format("  {} {}\n", facts.kind, printable(facts.target));
  }
  std::size_t stays = 0;
  for (const exec::ReleaseStep& one : steps) {
    if (one.state == exec::StepState::Present) ++stays;
  }
  stays -= numbers.size();
  const std::string note =
      stays == 0 ? "" : fmt::format("; {} that are there cannot be, or are not ours", stays);
  context_.console.talk(text);
  const std::string all = fmt::format("{} effect{} can be taken back{}", numbers.size(),
                                      numbers.size() == 1 ? "" : "s", note);
  const bool is_over = options_.plan_only || numbers.empty();
  if (is_over || options_.yes) context_.console.talk(all + "\n");
  tell_other_commit(release, commit);
  if (is_over) return kExitDone;
  if (!agreed(all + ". Go on? [y/N] ")) {
    return refuse(context_, "E941", "not agreed to; nothing was done");
  }
  Lines lines(context_, steps.size(), "took back ");
  const Result<exec::ReleaseSummary> summary = release.revert(lines);
  if (!summary) return refuse(context_, "E912", summary.error().message);
  return status_of(*summary, "taken back");
}

/// Empty: the workspace is in no repository, or has no commit yet.
std::string commit_of(const std::string& folder) {
  const Result<std::optional<std::string>> fact = lang::git_fact(folder, "commit", {});
  return fact ? fact->value_or("") : std::string();
}

int Releasing::after(Job& job, exec::Runner& runner) {
  const std::optional<std::vector<NodeId>> found = effects(job);
  if (!found) return refuse(context_);
  exec::ReleaseOptions release_options;
  release_options.workspace = job.workspace.root;
  release_options.effects = *found;
  release_options.secrets = secrets_;
  release_options.keep_going = options_.keep_going;
  release_options.commit = commit_of(job.workspace.root);
  release_options.goals = goals_;
  const std::string head = release_options.commit;
  Result<std::unique_ptr<exec::Release>> release =
      exec::Release::plan(job.graph, context_.files, runner, std::move(release_options));
  if (!release) {
    return refuse(context_, "E944", fmt::format("no plan: {}", release.error().message),
                  {"nothing outside was changed"});
  }
  if (refuses_other_commit((*release)->ledger(), head)) return refuse(context_);
  if (options_.format == "json") {
    std::vector<exec::ReleaseStep> shown;
    for (const std::size_t i : (*release)->revertible())
      shown.push_back((*release)->steps()[i]);
    if (!options_.revert) shown = (*release)->steps();
    context_.console.data(plan_json(job.graph, shown));
  }
  if (options_.revert) return revert(**release, head);
  warn_of_changes(job, **release);
  if (options_.plan_only) {
    if (options_.format.empty()) context_.console.data(plan_table((*release)->steps()));
    context_.console.talk(plan_line((*release)->steps()) + "\n");
  }
  if (const int status = refuse_differing(**release); status != kExitDone) return status;
  return options_.plan_only ? kExitDone : carry_out(**release);
}

}  // namespace

int release_command(Context& context) {
  Releasing releasing(context);
  return build_with(
      context,
      {.choose = choose_needs,
       .before = [&](Job& job, exec::Runner& runner) { return releasing.before(job, runner); },
       .after = [&](Job& job, exec::Runner& runner) { return releasing.after(job, runner); },
       .uses_goals = true});
}

}  // namespace devgraph::cli
