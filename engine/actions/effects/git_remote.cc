#include "engine/actions/effects/git_remote.h"

#include "engine/base/git_environment.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

Git::Git(const Context& context) : context_(context) {
  program_.folder =
      join_path(context.workspace, context.graph.str(context.graph.node(context.node).project));
  program_.environment = git_environment();
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
