/// Tags and branches in a repository elsewhere.

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/git_remote.h"
#include "engine/actions/net/http.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Result<std::string> head_commit(const Context& context) {
  Git git(context);
  const Result<std::string> commit = git({"rev-parse", "--verify", "HEAD^{commit}"});
  if (!commit) return std::unexpected(commit.error());
  return std::string(trim(*commit));
}

/// A ref of a remote: a tag or a branch.
class RefStep : public Step {
 public:
  RefStep(const Context& context, StepFacts facts, std::string remote, std::string ref)
      : Step(std::move(facts)),
        context_(context),
        remote_(std::move(remote)),
        ref_(std::move(ref)) {}

  Result<Seen> look() override {
    const Result<RemoteRef> there = ask_remote(context_, remote_, ref_);
    if (!there) return std::unexpected(there.error());
    if (there->object.empty()) return Seen{Held::Nothing};
    return Seen{there->commit == facts().digest ? Held::Same : Held::Other, there->commit};
  }

  Status revert(const std::string&) override {
    const Result<RemoteRef> there = ask_remote(context_, remote_, ref_);
    if (!there) return std::unexpected(there.error());
    Git git(context_);
    // Only what was looked at is deleted.
    const auto done =
        git({"push", "--quiet", fmt::format("--force-with-lease={}:{}", ref_, there->object),
             remote_, ":" + ref_});
    return done ? forget() : std::unexpected(done.error());
  }

 protected:
  /// Puts an object of the repository there, only if the remote has nothing of that name.
  Status push(const std::string& object) {
    Git git(context_);
    const auto done = git({"push", "--quiet", fmt::format("--force-with-lease={}:", ref_), remote_,
                           fmt::format("{}:{}", object, ref_)});
    return done ? Status() : std::unexpected(done.error());
  }
  /// What of a ref that was taken back is here.
  virtual Status forget() { return {}; }
  const Context& context() const { return context_; }
  const std::string& ref() const { return ref_; }

 private:
  const Context& context_;
  std::string remote_;
  std::string ref_;
};

class BranchStep final : public RefStep {
 public:
  using RefStep::RefStep;
  Status apply() override { return push(facts().digest); }
};

class TagStep final : public RefStep {
 public:
  TagStep(const Context& context, StepFacts facts, std::string remote, std::string name,
          std::string message)
      : RefStep(context, std::move(facts), std::move(remote), "refs/tags/" + name),
        name_(std::move(name)),
        message_(std::move(message)) {}

  /// What is in the way in this repository is known before anything is sent.
  Result<Seen> look() override {
    Result<Seen> seen = RefStep::look();
    if (!seen || seen->held != Held::Nothing) return seen;
    const Result<bool> is_here = here();
    return is_here ? std::move(seen) : std::unexpected(is_here.error());
  }

  Status apply() override {
    if (const Status done = make(); !done) return done;
    return push(ref());
  }

 private:
  /// Whether this repository has the tag, as it would be made. Error: what it has is not that.
  Result<bool> here() {
    Git git(context());
    const Result<std::string> held =
        git({"for-each-ref", "--format=%(objecttype) %(objectname) %(*objectname)", "--", ref()});
    if (!held) return std::unexpected(held.error());
    const std::vector<std::string_view> words = split(trim(*held), ' ');
    if (words.size() < 2) return false;
    const bool is_annotated = words[0] == "tag" && words.size() > 2;
    const std::string_view commit = is_annotated ? words[2] : words[1];
    const std::string cure = fmt::format("; `git tag -d {}` drops it", shell_word(name_));
    if (commit != facts().digest) {
      return fail(fmt::format("the tag `{}` of this repository is another commit, {}{}",
                              printable(name_), commit, cure));
    }
    if (is_annotated) return true;
    return fail(
        fmt::format("the tag `{}` of this repository is not annotated{}", printable(name_), cure));
  }

  /// The tag of this repository; one that an interrupted release made is taken.
  Status make() {
    const Result<bool> is_here = here();
    if (!is_here) return std::unexpected(is_here.error());
    if (*is_here) return {};
    Git git(context());
    // Signed where the user's configuration says so (tag.gpgSign).
    const auto made = git({"tag", "-a", "-m", message_, "--", name_, facts().digest});
    return made ? Status() : std::unexpected(made.error());
  }

  Status forget() override {
    Git git(context());
    const auto done = git({"tag", "-d", "--", name_});
    return done ? Status() : std::unexpected(done.error());
  }

  std::string name_;
  std::string message_;
};

StepFacts facts_of(std::string kind, const std::string& remote, const std::string& name,
                   const std::string& commit) {
  StepFacts facts;
  facts.kind = std::move(kind);
  facts.target = fmt::format("{} {}", net::shown(remote), name);
  facts.digest = commit;
  facts.turn = Turn::Reversible;
  facts.can_revert = true;
  return facts;
}

Status check_name(const Context& context, const std::string& ref) {
  Git git(context);
  // `git tag` refuses a dash in front, which `check-ref-format` takes.
  const bool is_option = ref.starts_with("refs/tags/-") || ref.starts_with("refs/heads/-");
  if (!is_option && git({"check-ref-format", ref})) return {};
  return fail(fmt::format("`{}` is no name that git takes", printable(ref)));
}

}  // namespace

/// Whether the remote would take a push, which it is asked without sending anything.
Status ready_git(const Context& context) {
  const std::string_view remote = string_arg(context, "remote");
  if (remote.starts_with('-')) {
    return fail(fmt::format("`{}` is no remote and no URL", printable(remote)));
  }
  const Result<std::string> commit = head_commit(context);
  if (!commit) return std::unexpected(commit.error());
  Git git(context);
  const auto taken = git({"push", "--dry-run", "--quiet", std::string(remote),
                          *commit + ":refs/heads/devgraph-may-push"});
  return taken ? Status() : std::unexpected(taken.error());
}

/// The same, and whether git knows who makes a tag.
Status ready_git_tag(const Context& context) {
  Git git(context);
  if (!git({"var", "GIT_COMMITTER_IDENT"})) {
    return fail(
        "git does not know who makes the tag; write  git config user.name NAME  and  git config "
        "user.email ADDRESS");
  }
  return ready_git(context);
}

/// git_tag(tag, message, branch, remote)
Result<Steps> plan_git_tag(const Context& context) {
  const Result<std::string> commit = head_commit(context);
  if (!commit) return std::unexpected(commit.error());
  const std::string tag(string_arg(context, "tag"));
  const std::string remote(string_arg(context, "remote"));
  const std::string message(optional_string(context, "message").value_or(tag));
  if (const Status good = check_name(context, "refs/tags/" + tag); !good)
    return std::unexpected(good.error());
  Steps steps;
  if (const auto branch = optional_string(context, "branch")) {
    const std::string ref = fmt::format("refs/heads/{}", *branch);
    if (const Status good = check_name(context, ref); !good) return std::unexpected(good.error());
    steps.list.push_back(std::make_unique<BranchStep>(
        context, facts_of("branch", remote, std::string(*branch), *commit), remote, ref));
  }
  steps.list.push_back(std::make_unique<TagStep>(context, facts_of("tag", remote, tag, *commit),
                                                 remote, tag, message));
  steps.receipt = fmt::format("{} {}\n", tag, *commit);
  return steps;
}

/// git_branch(branch, remote)
Result<Steps> plan_git_branch(const Context& context) {
  const Result<std::string> commit = head_commit(context);
  if (!commit) return std::unexpected(commit.error());
  const std::string branch(string_arg(context, "branch"));
  const std::string remote(string_arg(context, "remote"));
  const std::string ref = "refs/heads/" + branch;
  if (const Status good = check_name(context, ref); !good) return std::unexpected(good.error());
  Steps steps;
  steps.list.push_back(std::make_unique<BranchStep>(
      context, facts_of("branch", remote, branch, *commit), remote, ref));
  steps.receipt = fmt::format("{} {}\n", branch, *commit);
  return steps;
}

}  // namespace devgraph::actions
