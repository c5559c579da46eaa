#include <cstdlib>

#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/actions/outside_now.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_local(std::string_view url) {
  return url.starts_with('/') || url.starts_with("file://");
}

/// git as this action runs it: without the user's configuration, hooks and questions.
class Git {
 public:
  Git(const Context& context, std::string folder, bool local) : context_(context) {
    program_.folder = std::move(folder);
    const auto keep = [&](const char* name) {
      const char* value = std::getenv(name);
      if (value != nullptr) program_.environment.push_back(fmt::format("{}={}", name, value));
    };
    for (const char* name : {"PATH", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy",
                             "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
      keep(name);
    }
    program_.environment.insert(
        program_.environment.end(),
        {"HOME=" + context.scratch, "LC_ALL=C", "TZ=UTC", "GIT_CONFIG_NOSYSTEM=1",
         "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true",
         "SSH_ASKPASS=true", "GIT_SSH_COMMAND=ssh -oBatchMode=yes", "GIT_LFS_SKIP_SMUDGE=1",
         // A submodule must not reach into the disk of a remote repository's user.
         std::string("GIT_ALLOW_PROTOCOL=http:https:ssh:git") + (local ? ":file" : "")});
  }

  Result<std::string> operator()(std::vector<std::string> words) {
    program_.argv = {"git",
                     "-c",
                     "core.hooksPath=/dev/null",
                     "-c",
                     "core.fsmonitor=false",
                     "-c",
                     "core.autocrlf=false",
                     "-c",
                     "core.symlinks=true",
                     "-c",
                     "advice.detachedHead=false",
                     "-c",
                     "gc.auto=0",
                     "-c",
                     "protocol.ext.allow=never",
                     "-c",
                     "init.defaultBranch=main"};
    program_.argv.insert(program_.argv.end(), words.begin(), words.end());
    return run_program(context_, program_);
  }

 private:
  const Context& context_;
  Program program_;
};

/// Removes every `.git`; git lets no repository hold a file of that name.
Status remove_git(const Context& context, const std::string& root) {
  std::vector<std::string> folders = {root};
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    Result<std::vector<FolderEntry>> entries = context.files.list(folder);
    if (!entries) return std::unexpected(entries.error());
    for (const FolderEntry& entry : *entries) {
      const std::string path = join_path(folder, entry.name);
      if (entry.name == ".git") {
        if (const Status done = context.files.remove_all(path); !done) return done;
      } else if (entry.kind == FileKind::Folder) {
        folders.push_back(path);
      }
    }
  }
  return {};
}

Status fill(const Context& context, const std::string& url, const std::string& commit) {
  const std::string tree = context.out_path(0);
  Git git(context, tree, is_local(url));
  if (const auto made = git({"init", "--quiet"}); !made) return std::unexpected(made.error());
  const auto one = git({"fetch", "--quiet", "--no-tags", "--depth=1", "--", url, commit});
  if (!one) {
    if (stopped(context)) return interrupted();
    // Some servers give only what a branch or tag names: then all of it is needed.
    const auto all = git({"fetch", "--quiet", "--tags", "--", url, "+refs/*:refs/remotes/*"});
    if (!all) return std::unexpected(all.error());
  }
  const auto out = git({"checkout", "--quiet", "--detach", commit});
  if (!out) return std::unexpected(out.error());
  if (bool_arg(context, "submodules")) {
    const auto done = git({"submodule", "update", "--quiet", "--init", "--recursive"});
    if (!done) return std::unexpected(done.error());
  }
  return remove_git(context, tree);
}

/// An URL, or an absolute path.
Result<std::string> url_of(const Context& context) {
  std::string url(string_arg(context, "url"));
  if (url.empty() || url.starts_with('-') || url.starts_with('.'))
    return fail(fmt::format("`{}` is no URL, nor an absolute path", printable(url)));
  return url;
}

/// The commit of the first of these refs among the lines of `git ls-remote`; empty: none is there.
std::string commit_of(std::string_view lines, const std::vector<std::string>& refs) {
  for (const std::string& ref : refs) {
    for (const std::string_view line : split(lines, '\n')) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string_view::npos || line.substr(tab + 1) != ref) continue;
      if (is_commit(line.substr(0, tab))) return std::string(line.substr(0, tab));
    }
  }
  return {};
}

/// Which commit begins with these digits: no server says so, but a copy of the history does.
Result<std::string> long_commit(const Context& context, Git& git, const std::string& url,
                                const std::string& rev) {
  if (const auto made = git({"init", "--quiet", "--bare", "."}); !made) {
    return std::unexpected(made.error());
  }
  const auto all = git({"fetch", "--quiet", "--filter=tree:0", "--", url, "+refs/*:refs/all/*"});
  if (stopped(context)) return interrupted();
  if (!all) return std::unexpected(all.error());
  const auto found = git({"rev-parse", "--verify", "--quiet", rev + "^{commit}"});
  if (found && is_commit(trim(*found))) return std::string(trim(*found));
  return std::string();
}

}  // namespace

Result<std::string> commit_now(const Context& context, const std::string& rev) {
  const Result<std::string> url = url_of(context);
  if (!url) return std::unexpected(url.error());
  if (rev.starts_with('-')) return fail(fmt::format("`{}` is no revision", printable(rev)));
  Git git(context, context.scratch, is_local(*url));
  const auto lines = git({"ls-remote", "--", *url, rev, rev + "^{}"});
  if (stopped(context)) return interrupted();
  if (!lines) return std::unexpected(lines.error());
  // A pattern of ls-remote means the end of a name too; git itself prefers tags.
  std::string commit = commit_of(*lines, {rev + "^{}", rev, "refs/tags/" + rev + "^{}",
                                          "refs/tags/" + rev, "refs/heads/" + rev});
  const bool is_digits = rev.size() >= 4 && rev.find_first_not_of("0123456789abcdef") == rev.npos;
  if (commit.empty() && is_digits) {
    Result<std::string> found = long_commit(context, git, *url, rev);
    if (!found) return found;
    commit = *std::move(found);
  }
  if (commit.empty()) {
    return fail(fmt::format("the repository has no tag, branch or commit `{}`", printable(rev)));
  }
  return commit;
}

/// git_clone(url, rev, submodules): the files of one commit, without history.
Status run_git_clone(const Context& context) {
  const Result<std::string> url = url_of(context);
  if (!url) return std::unexpected(url.error());
  const std::string rev(string_arg(context, "rev"));
  if (!is_commit(rev)) {
    return fail(fmt::format("`{}` of {} is not in the lock file",
                            printable(rev.empty() ? "HEAD" : rev), printable(*url)));
  }
  const Status done = fill(context, *url, rev);
  if (done || stopped(context)) return done;
  return fail(fmt::format("cannot clone {} at {}: {}", printable(*url), rev, done.error().message));
}

}  // namespace devgraph::actions
