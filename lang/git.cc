#include "lang/git.h"

#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/child.h"
#include "engine/base/git_environment.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/semver.h"

namespace devgraph::lang {
namespace {

/// It takes no optional locks.
std::vector<std::string> environment_of_questions() {
  std::vector<std::string> all = git_environment();
  all.emplace_back("GIT_OPTIONAL_LOCKS=0");
  return all;
}

Result<ChildOutput> run_git(const std::string& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"git", "-C", folder});
  return output_of(std::move(arguments), {.environment = environment_of_questions(),
                                          .err = ChildOptions::Stderr::Nowhere});
}

using Fact = Result<std::optional<std::string>>;

Fact commit_fact(const std::string& folder, std::size_t digits) {
  Result<ChildOutput> output = run_git(folder, {"rev-parse", "--verify", "-q", "HEAD"});
  if (!output) return std::unexpected(output.error());
  const std::string_view text = trim(output->text);
  if (output->status != 0 || text.size() < digits) {
    return fail(fmt::format("git knows no commit in {}", folder));
  }
  return std::string(text.substr(0, digits));
}

Fact branch_fact(const std::string& folder) {
  Result<ChildOutput> output = run_git(folder, {"symbolic-ref", "--short", "-q", "HEAD"});
  if (!output) return std::unexpected(output.error());
  if (output->status == 128) return fail(fmt::format("{} is in no git repository", folder));
  if (output->status != 0) return std::nullopt;
  return std::string(trim(output->text));
}

/// A leading `v` is no part of the version.
std::optional<SemVer> version_of_tag(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  return parse_semver(tag);
}

Fact tag_fact(const std::string& folder) {
  Result<ChildOutput> output = run_git(folder, {"tag", "--points-at", "HEAD"});
  if (!output) return std::unexpected(output.error());
  if (output->status != 0) return fail(fmt::format("{} is in no git repository", folder));
  std::optional<std::string> best;
  for (std::string_view tag : split(trim(output->text), '\n')) {
    if (tag.empty()) continue;
    const std::optional<SemVer> version = version_of_tag(tag);
    const std::optional<SemVer> held = best ? version_of_tag(*best) : std::nullopt;
    const bool better = !best || (version && (!held || compare(*version, *held) > 0)) ||
                        (!version && !held && tag > *best);
    if (better) best = std::string(tag);
  }
  return best;
}

Fact dirty_fact(const std::string& folder) {
  Result<ChildOutput> output =
      run_git(folder, {"status", "--porcelain", "--untracked-files=no", "--", "."});
  if (!output) return std::unexpected(output.error());
  if (output->status != 0) return fail(fmt::format("{} is in no git repository", folder));
  return std::string(output->text.empty() ? "false" : "true");
}

/// Whether the commit stands where a shallow clone was cut: git shows it as if it had made all its
/// files, and it may have made none of them.
Result<bool> is_cut_off(const std::string& folder, std::string_view commit) {
  Result<ChildOutput> output = run_git(folder, {"rev-parse", "--git-path", "shallow"});
  if (!output) return std::unexpected(output.error());
  std::string path(trim(output->text));
  if (!path.starts_with('/')) path = join_path(folder, path);
  std::ifstream cuts(path);
  for (std::string line; std::getline(cuts, line);) {
    if (trim(line) == commit) return true;
  }
  return false;
}

Fact commit_of_fact(const std::string& folder, const std::vector<std::string>& paths) {
  std::vector<std::string> last = {"log", "-1", "--format=%H %P", "--"};
  // Files that git does not know are in no commit either.
  std::vector<std::string> differs = {"status", "--porcelain", "--untracked-files=all", "--ignored",
                                      "--"};
  for (const std::string& path : paths) {
    last.push_back(":(literal)" + path);
    differs.push_back(":(literal)" + path);
  }
  Result<ChildOutput> commit = run_git(folder, last);
  if (!commit) return std::unexpected(commit.error());
  const std::string_view found = trim(commit->text);
  const std::string text(found.substr(0, found.find(' ')));
  if (commit->status != 0 || text.empty()) {
    return fail("git knows no commit that touches these files");
  }
  // A commit where the history was cut has no parents; few others have none.
  if (text.size() == found.size()) {
    const Result<bool> is_cut = is_cut_off(folder, text);
    if (!is_cut) return std::unexpected(is_cut.error());
    if (*is_cut) return fail(std::string(kShallowHistory));
  }
  Result<ChildOutput> changed = run_git(folder, differs);
  if (!changed) return std::unexpected(changed.error());
  return changed->status == 0 && changed->text.empty() ? text : text + "-dirty";
}

Fact deleted_fact(const std::string& folder) {
  Result<ChildOutput> output =
      run_git(folder, {"diff", "--name-only", "--no-renames", "-z", "--diff-filter=D", "--relative",
                       "HEAD", "--", "."});
  if (!output) return std::unexpected(output.error());
  if (output->status != 0) return fail(fmt::format("git knows no commit in {}", folder));
  return std::move(output->text);
}

}  // namespace

Result<std::optional<std::string>> git_fact(const std::string& folder, const std::string& fact,
                                            const std::vector<std::string>& paths) {
  constexpr std::size_t kCommitDigits = 40;
  constexpr std::size_t kShortDigits = 12;
  if (fact == "commit") return commit_fact(folder, kCommitDigits);
  if (fact == "short") return commit_fact(folder, kShortDigits);
  if (fact == "branch") return branch_fact(folder);
  if (fact == "tag") return tag_fact(folder);
  if (fact == "dirty") return dirty_fact(folder);
  if (fact == "commit_of") return commit_of_fact(folder, paths);
  if (fact == "deleted") return deleted_fact(folder);
  return fail(fmt::format("git has no fact `{}`", fact));
}

}  // namespace devgraph::lang
