#include "engine/actions/effects/git_remote.h"

#include "engine/base/path.h"
#include "engine/base/text.h"

extern char** environ;

namespace devgraph::actions {

Git::Git(const Context& context) : context_(context) {
  program_.folder =
      join_path(context.workspace, context.graph.str(context.graph.node(context.node).project));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool is_kept = !text.starts_with("GIT_") || text.starts_with("GIT_SSH") ||
                         text.starts_with("GIT_CONFIG_") || text.starts_with("GIT_AUTHOR_") ||
                         text.starts_with("GIT_COMMITTER_");
    if (is_kept && !text.starts_with("LC_ALL=")) program_.environment.emplace_back(text);
  }
  program_.environment.emplace_back("GIT_TERMINAL_PROMPT=0");
  program_.environment.emplace_back("LC_ALL=C");
}

Result<std::string> Git::operator()(const std::vector<std::string>& words, std::string input) {
  program_.argv = {"git"};
  program_.argv.insert(program_.argv.end(), words.begin(), words.end());
  program_.input = std::move(input);
  return run_program(context_, program_);
}

Result<RemoteRef> ask_remote(const Context& context, const std::string& remote,
                             const std::string& ref) {
  Git git(context);
  const Result<std::string> lines = git({"ls-remote", "--", remote, ref, ref + "^{}"});
  if (!lines) return std::unexpected(lines.error());
  RemoteRef found;
  for (const std::string_view line : split(*lines, '\n')) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    if (line.substr(tab + 1) == ref) found.object = line.substr(0, tab);
    if (line.substr(tab + 1) == ref + "^{}") found.commit = line.substr(0, tab);
  }
  if (found.commit.empty()) found.commit = found.object;
  return found;
}

}  // namespace devgraph::actions
