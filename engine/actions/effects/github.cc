/// A release on GitHub: a draft, its assets, and its publication are steps.

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/actions/effects/github_page.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// A step that looks at the release first.
class GithubStep : public Step {
 public:
  GithubStep(const Context& context, StepFacts facts, std::shared_ptr<GithubPage> page)
      : Step(std::move(facts)), context_(context), page_(std::move(page)) {}

  Result<Seen> look() override {
    const Result<std::optional<GithubRelease>> found = page_->find();
    if (!found) return std::unexpected(found.error());
    const std::optional<GithubRelease>& release = *found;
    return release ? look_at(*release) : Seen{Held::Nothing};
  }

  Status revert(const std::string&) override {
    const Result<std::optional<GithubRelease>> found = page_->find();
    if (!found) return std::unexpected(found.error());
    const std::optional<GithubRelease>& release = *found;
    return release ? revert_of(*release) : Status();
  }

 protected:
  virtual Result<Seen> look_at(const GithubRelease& release) = 0;
  virtual Status revert_of(const GithubRelease& release) = 0;
  Result<GithubRelease> release() {
    const Result<std::optional<GithubRelease>> found = page_->find();
    if (!found) return std::unexpected(found.error());
    const std::optional<GithubRelease>& release = *found;
    if (release) return *release;
    return fail(fmt::format("{} has no draft of {} by now", page_->place().repo,
                            printable(page_->place().tag)));
  }
  Seen is_there() const { return {Held::Same, facts().digest}; }
  const Context& context() const { return context_; }
  GithubPage& page() { return *page_; }

 private:
  const Context& context_;
  std::shared_ptr<GithubPage> page_;
};

class DraftStep final : public GithubStep {
 public:
  DraftStep(const Context& context, StepFacts facts, std::shared_ptr<GithubPage> page,
            GithubText text)
      : GithubStep(context, std::move(facts), std::move(page)), text_(std::move(text)) {}

  Status apply() override {
    if (Status done = page().check_tag(); !done) return done;
    return page().create(text_);
  }

 private:
  Result<Seen> look_at(const GithubRelease&) override { return is_there(); }

  Status revert_of(const GithubRelease& release) override {
    const Result<std::vector<GithubAsset>> assets = page().assets(release);
    if (!assets) return std::unexpected(assets.error());
    const auto other = std::ranges::find(*assets, true, &GithubAsset::is_whole);
    if (other == assets->end()) return page().remove(release);
    return fail(
        fmt::format("the draft holds {}, which is not ours to delete", printable(other->name)));
  }

  GithubText text_;
};

class AssetStep final : public GithubStep {
 public:
  AssetStep(const Context& context, StepFacts facts, std::shared_ptr<GithubPage> page,
            NamedFile file)
      : GithubStep(context, std::move(facts), std::move(page)), file_(std::move(file)) {}

  Status apply() override;

 private:
  Result<Seen> look_at(const GithubRelease& release) override;
  Status revert_of(const GithubRelease& release) override;
  Status keeps_its_name(const net::Answer& answer);
  /// Done, refused, or none: another attempt.
  std::optional<Status> attempt(const PlannedFile& file, int attempts);
  std::optional<Status> settle(const std::expected<net::Answer, net::Fault>& answer, int attempts,
                               const std::string& where);

  NamedFile file_;
};

Result<Seen> AssetStep::look_at(const GithubRelease& release) {
  const Result<std::optional<GithubAsset>> found = page().asset(release, file_.name);
  if (!found) return std::unexpected(found.error());
  const std::optional<GithubAsset>& asset = *found;
  if (!asset || !asset->is_whole) return Seen{Held::Nothing};
  std::string digest = asset->digest;
  if (digest.empty() && asset->size == facts().size) {
    Result<std::string> hashed = page().hash_asset(*asset, facts().size);
    if (!hashed) return std::unexpected(hashed.error());
    digest = *std::move(hashed);
  }
  if (digest.empty()) digest = fmt::format("{} bytes", asset->size);
  return Seen{digest == facts().digest ? Held::Same : Held::Other, digest};
}

/// GitHub makes dots of signs that it does not like.
Status AssetStep::keeps_its_name(const net::Answer& answer) {
  const Result<GithubAsset> asset = page().uploaded(answer);
  if (!asset) return std::unexpected(asset.error());
  if (asset->name == file_.name) return {};
  if (const Status done = page().remove(*asset); !done) return done;
  return fail(
      fmt::format("it would be called {} there; give the file that name", printable(asset->name)));
}

/// What is there now tells what an answer means: it can be lost, or another sender be quicker.
std::optional<Status> AssetStep::settle(const std::expected<net::Answer, net::Fault>& answer,
                                        int attempts, const std::string& where) {
  const Result<Seen> seen = look();
  if (!seen) return std::unexpected(seen.error());
  if (seen->held == Held::Same) return Status();
  if (seen->held == Held::Other) {
    return fail(fmt::format("{} holds {} now, not {}: someone else sent it meanwhile",
                            facts().target, seen->what, facts().digest));
  }
  const bool again =
      answer ? net::is_transient(answer->status) : answer.error().again && !answer.error().local;
  if (!again || attempts == net::kAttempts) {
    if (answer) return page().refused("POST", where, *answer);
    if (answer.error().local) return fail(answer.error().message);
    return fail(fmt::format("{}: {}", net::shown(where), answer.error().message));
  }
  context().log(
      fmt::format("POST {}: {}; once more", net::shown(where),
                  answer ? fmt::format("answers {}", answer->status) : answer.error().message));
  net::pause(attempts, answer ? answer->header("retry-after") : std::string(),
             [&] { return stopped(context()); });
  return std::nullopt;
}

std::optional<Status> AssetStep::attempt(const PlannedFile& file, int attempts) {
  const Result<GithubRelease> release = this->release();
  if (!release) return std::unexpected(release.error());
  const Result<std::optional<GithubAsset>> found = page().asset(*release, file_.name);
  if (!found) return std::unexpected(found.error());
  // An upload that failed leaves its name behind.
  if (const std::optional<GithubAsset>& left = *found; left && !left->is_whole) {
    if (Status done = page().remove(*left); !done) return done;
  }
  const auto answer = page().upload(*release, file_.name, file);
  if (stopped(context())) return interrupted();
  if (answer && answer->is_good()) return keeps_its_name(*answer);
  return settle(answer, attempts, release->uploads);
}

Status AssetStep::apply() {
  const Result<PlannedFile> file =
      PlannedFile::open(context(), context().path_of(file_.input), facts());
  if (!file) return std::unexpected(file.error());
  for (int attempts = 1;; ++attempts) {
    if (std::optional<Status> done = attempt(*file, attempts)) return *std::move(done);
    if (stopped(context())) return interrupted();
  }
}

Status AssetStep::revert_of(const GithubRelease& release) {
  const Result<Seen> seen = look_at(release);
  if (!seen) return std::unexpected(seen.error());
  if (seen->held == Held::Other) {
    return fail(
        fmt::format("{} holds {} by now, which is not ours to delete", facts().target, seen->what));
  }
  const Result<std::optional<GithubAsset>> found = page().asset(release, file_.name);
  if (!found) return std::unexpected(found.error());
  const std::optional<GithubAsset>& asset = *found;
  return asset ? page().remove(*asset) : Status();
}

class PublishStep final : public GithubStep {
 public:
  PublishStep(const Context& context, StepFacts facts, std::shared_ptr<GithubPage> page,
              GithubText text, std::vector<std::string> names)
      : GithubStep(context, std::move(facts), std::move(page)),
        text_(std::move(text)),
        names_(std::move(names)) {}

  Status apply() override {
    const Result<GithubRelease> release = this->release();
    if (!release) return std::unexpected(release.error());
    if (Status done = has_all(*release); !done) return done;
    if (Status done = page().check_tag(); !done) return done;
    return page().publish(*release, text_);
  }

 private:
  Status has_all(const GithubRelease& release) {
    const Result<std::vector<GithubAsset>> assets = page().assets(release);
    if (!assets) return std::unexpected(assets.error());
    for (const std::string& name : names_) {
      const auto found = std::ranges::find(*assets, name, &GithubAsset::name);
      if (found != assets->end() && found->is_whole) continue;
      return fail(fmt::format("{} is not there by now, so it stays a draft", printable(name)));
    }
    return {};
  }

  Result<Seen> look_at(const GithubRelease& release) override {
    return release.is_draft ? Seen{Held::Nothing} : is_there();
  }
  Status revert_of(const GithubRelease& release) override { return page().hide(release); }

  GithubText text_;
  std::vector<std::string> names_;
};

/// Before anything is sent; GitHub would take such a file under another name, or not at all.
Status check_asset(const std::string& name, const StepFacts& facts) {
  constexpr std::uint64_t kMost = std::uint64_t{2} << 30;
  const auto is_kept = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("._+@-").find(c) != std::string_view::npos;
  };
  if (!std::ranges::all_of(name, is_kept) || name.starts_with('.') || name.ends_with('.')) {
    return fail(
        fmt::format("GitHub would call `{}` otherwise: names of assets have letters, digits and "
                    "signs of `._+@-`, and no dot at an end",
                    printable(name)));
  }
  if (facts.size == 0) return fail(fmt::format("`{}` is empty, which GitHub does not take", name));
  if (facts.size < kMost) return {};
  return fail(fmt::format("`{}` has {}, and GitHub takes less than {}", name,
                          human_size(facts.size), human_size(kMost)));
}

Result<GithubText> text_of(const Context& context) {
  GithubText text;
  text.is_prerelease = bool_arg(context, "prerelease");
  if (const auto title = optional_string(context, "title")) text.title = *title;
  const std::vector<InputId> notes = inputs_arg(context, "notes");
  if (notes.empty()) return text;
  Result<std::string> content = context.files.read(context.path_of(notes.front()));
  if (!content) return std::unexpected(content.error());
  if (!is_valid_utf8(*content)) {
    return fail(fmt::format("`notes`: {} is no UTF-8", input_name(context, notes.front())));
  }
  text.notes = *std::move(content);
  return text;
}

StepFacts page_facts(std::string kind, std::string target, std::string what) {
  StepFacts facts;
  facts.kind = std::move(kind);
  facts.target = std::move(target);
  facts.digest = std::move(what);
  facts.turn = Turn::Reversible;
  facts.can_revert = true;
  return facts;
}

}  // namespace

/// What a token may do, nothing tells but the doing: its user's rights are not its own.
Status ready_github(const Context& context) {
  Result<GithubPlace> place = github_place(context);
  if (!place) return std::unexpected(place.error());
  if (!can_log_in(context, place->login)) return {};
  return GithubPage(context, *std::move(place)).check_login();
}

/// github_release(tag, assets, token, repo, title, notes, prerelease, api)
Result<Steps> plan_github(const Context& context) {
  Result<GithubPlace> found = github_place(context);
  if (!found) return std::unexpected(found.error());
  const Result<std::vector<NamedFile>> files = named_files(context, "assets");
  if (!files) return std::unexpected(files.error());
  const Result<GithubText> text = text_of(context);
  if (!text) return std::unexpected(text.error());
  const auto page = std::make_shared<GithubPage>(context, *std::move(found));
  const GithubPlace& place = page->place();
  Steps steps;
  steps.receipt = place.page() + "\n";
  // A draft has no name that is its own.
  const std::string draft = fmt::format("{}/{}/releases {}", place.web, place.repo, place.tag);
  steps.list.push_back(
      std::make_unique<DraftStep>(context, page_facts("draft", draft, "draft"), page, *text));
  std::vector<std::string> names;
  for (const NamedFile& file : *files) {
    Result<StepFacts> facts = file_facts(context, file, "asset");
    if (!facts) return std::unexpected(facts.error());
    if (const Status done = check_asset(file.name, *facts); !done)
      return std::unexpected(done.error());
    facts->target = place.download(file.name);
    facts->turn = Turn::Reversible;
    facts->can_revert = true;
    names.push_back(file.name);
    steps.list.push_back(std::make_unique<AssetStep>(context, *std::move(facts), page, file));
  }
  // What was seen cannot be unseen: it comes with what is final.
  StepFacts last = page_facts("release", place.page(), "published");
  last.turn = Turn::Final;
  last.waits = true;
  steps.list.push_back(
      std::make_unique<PublishStep>(context, std::move(last), page, *text, std::move(names)));
  return steps;
}

/// GitHub itself gets its tokens without being asked for by name.
std::vector<SecretUse> uses_github(const Context& context) {
  const Result<GithubPlace> place = github_server(context);
  if (!place || place->login.secret.empty() || is_github(*place)) return {};
  return {{place->login.secret, place->api.host}};
}

}  // namespace devgraph::actions
