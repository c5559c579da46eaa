#include "lang/git.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "lang/semver.h"

extern char** environ;

namespace devgraph::lang {
namespace {

struct Output {
  int status = 0;
  std::string text;
};

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

/// The environment of this process, but git takes no optional locks and asks nobody.
std::vector<std::string> git_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("GIT_")) all.emplace_back(text);
  }
  all.emplace_back("GIT_OPTIONAL_LOCKS=0");
  all.emplace_back("GIT_TERMINAL_PROMPT=0");
  all.emplace_back("LC_ALL=C");
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

Result<Output> run_git(const std::string& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"git", "-C", folder});
  std::vector<std::string> environment = git_environment();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe for git", errno);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // What we ignore or block is no business of git.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, "git", &actions, &attributes,
                                     pointers(arguments).data(), pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (problem != 0) {
    ::close(ends[0]);
    return fail_errno("cannot run git", problem);
  }
  Output output;
  output.text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("cannot wait for git", errno);
  }
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return output;
}

using Fact = Result<std::optional<std::string>>;

Fact commit_fact(const std::string& folder, std::size_t digits) {
  Result<Output> output = run_git(folder, {"rev-parse", "--verify", "-q", "HEAD"});
  if (!output) return std::unexpected(output.error());
  const std::string_view text = trim(output->text);
  if (output->status != 0 || text.size() < digits) {
    return fail(fmt::format("git knows no commit in {}", folder));
  }
  return std::string(text.substr(0, digits));
}

Fact branch_fact(const std::string& folder) {
  Result<Output> output = run_git(folder, {"symbolic-ref", "--short", "-q", "HEAD"});
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
  Result<Output> output = run_git(folder, {"tag", "--points-at", "HEAD"});
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
  Result<Output> output =
      run_git(folder, {"status", "--porcelain", "--untracked-files=no", "--", "."});
  if (!output) return std::unexpected(output.error());
  if (output->status != 0) return fail(fmt::format("{} is in no git repository", folder));
  return std::string(output->text.empty() ? "false" : "true");
}

Fact commit_of_fact(const std::string& folder, const std::vector<std::string>& paths) {
  std::vector<std::string> last = {"log", "-1", "--format=%H", "--"};
  // Files that git does not know are in no commit either.
  std::vector<std::string> differs = {"status", "--porcelain", "--untracked-files=all", "--ignored",
                                      "--"};
  for (const std::string& path : paths) {
    last.push_back(":(literal)" + path);
    differs.push_back(":(literal)" + path);
  }
  Result<Output> commit = run_git(folder, last);
  if (!commit) return std::unexpected(commit.error());
  const std::string text(trim(commit->text));
  if (commit->status != 0 || text.empty()) {
    return fail("git knows no commit that touches these files");
  }
  Result<Output> changed = run_git(folder, differs);
  if (!changed) return std::unexpected(changed.error());
  return changed->status == 0 && changed->text.empty() ? text : text + "-dirty";
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
  return fail(fmt::format("git has no fact `{}`", fact));
}

}  // namespace devgraph::lang
