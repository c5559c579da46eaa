#include <cstdlib>

#include <fmt/format.h>

#include "engine/actions/natives.h"
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

}  // namespace

/// git_clone(url, rev, submodules): the files of one commit, without history.
Status run_git_clone(const Context& context) {
  const std::string url(string_arg(context, "url"));
  const std::string rev(string_arg(context, "rev"));
  if (url.empty() || url.starts_with('-') || url.starts_with('.'))
    return fail(fmt::format("`{}` is no URL, nor an absolute path", printable(url)));
  if (!is_commit(rev)) {
    const std::string what = rev.empty()
                                 ? "`rev` is not given"
                                 : fmt::format("`{}` is not a full commit id", printable(rev));
    return fail(fmt::format(
        "{}, and this program has no lock file yet that could hold one; write the 40 digits that "
        "`git ls-remote {} {}` prints",
        what, shell_word(url), rev.empty() ? std::string("HEAD") : shell_word(rev)));
  }
  const Status done = fill(context, url, rev);
  if (done || stopped(context)) return done;
  return fail(fmt::format("cannot clone {} at {}: {}", printable(url), rev, done.error().message));
}

}  // namespace devgraph::actions
