#include <cstdlib>

#include <fmt/format.h>

#include "engine/actions/effects/effects.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

Result<std::string> target_folder(const Context& context) {
  const std::string to(string_arg(context, "to"));
  const bool is_below_home = to.starts_with("~/");
  const char* home = std::getenv("HOME");
  if (is_below_home && home == nullptr) return fail("HOME is not set, so `~/` is nowhere");
  std::string folder = is_below_home ? join_path(home, to.substr(2)) : to;
  if (!folder.starts_with('/')) {
    return fail(fmt::format("`to` is `{}`: write an absolute path, or one that begins with ~/",
                            printable(to)));
  }
  // Without `..`, so that it shows whether it is in the workspace.
  const std::optional<std::string> clean = canonical(folder);
  if (!clean) return fail(fmt::format("`to` is `{}`: it leaves the root", printable(to)));
  folder = *clean;
  if (is_within(folder, context.workspace)) {
    return fail(fmt::format(
        "`to` is `{}`, which is in the workspace; `freeze` copies into the tree", printable(to)));
  }
  return folder;
}

/// `sha256:…`, and the size.
Result<std::pair<std::string, std::uint64_t>> look_at(Files& files, const std::string& path) {
  const Result<FileHash> hash = files.hash(path, true);
  if (!hash) return std::unexpected(hash.error());
  const std::optional<Sha256>& digest = hash->sha;
  if (!digest) return fail(fmt::format("{} has no digest", printable(path)));
  return std::pair("sha256:" + hex(*digest), hash->stat.size);
}

class CopyStep final : public Step {
 public:
  CopyStep(const Context& context, StepFacts facts, std::string from, std::string to)
      : Step(std::move(facts)), context_(context), from_(std::move(from)), to_(std::move(to)) {}

  Result<Seen> look() override {
    const Result<FileStat> stat = context_.files.lstat(to_);
    if (!stat) return std::unexpected(stat.error());
    if (!stat->exists()) return Seen{Held::Nothing};
    if (stat->kind != FileKind::Regular) return Seen{Held::Other, "no regular file"};
    const auto there = look_at(context_.files, to_);
    if (!there) return std::unexpected(there.error());
    return Seen{there->first == facts().digest ? Held::Same : Held::Other, there->first};
  }

  Status apply() override {
    // Beside it, by a name that is short where that of the file is as long as names may be.
    const std::string own = hex(sha256_of(base_name(to_))).substr(0, 16);
    const std::string aside = join_path(parent_path(to_), ".devgraph-part-" + own);
    Files& files = context_.files;
    if (Status done = files.make_folders(std::string(parent_path(to_))); !done) return done;
    if (Status done = files.remove(aside); !done) return done;
    if (Status done = files.copy(from_, aside); !done) return done;
    const auto copied = look_at(files, aside);
    if (!copied) return std::unexpected(copied.error());
    if (copied->first != facts().digest) {
      static_cast<void>(files.remove(aside));
      return fail(fmt::format("{} changed since the release was planned", printable(from_)));
    }
    return files.rename(aside, to_);
  }

  Status revert(const std::string&) override { return context_.files.remove(to_); }

 private:
  const Context& context_;
  std::string from_;
  std::string to_;
};

}  // namespace

/// copy_to(files, to)
Result<Steps> plan_copy_to(const Context& context) {
  const Result<std::string> folder = target_folder(context);
  if (!folder) return std::unexpected(folder.error());
  Steps steps;
  for (const InputId input : inputs_arg(context, "files")) {
    const std::string from = context.path_of(input);
    const auto file = look_at(context.files, from);
    if (!file) return std::unexpected(file.error());
    StepFacts facts;
    facts.kind = "copy";
    facts.target = join_path(*folder, base_name(input_name(context, input)));
    facts.digest = file->first;
    facts.size = file->second;
    facts.turn = Turn::Reversible;
    facts.can_revert = true;
    const std::string to = facts.target;
    steps.list.push_back(std::make_unique<CopyStep>(context, std::move(facts), from, to));
  }
  steps.receipt = *folder + "\n";
  return steps;
}

}  // namespace devgraph::actions
