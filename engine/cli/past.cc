#include "engine/cli/past.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/child.h"
#include "engine/base/git_environment.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/found_results.h"
#include "engine/graph/order.h"

namespace devgraph::cli {
namespace {

/// What git prints, what it warns of first; error: all that it said.
Result<std::string> git(std::vector<std::string> words, std::vector<std::string> environment) {
  words.insert(words.begin(),
               {"git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"});
  Result<ChildOutput> output = output_of(std::move(words), {.environment = std::move(environment),
                                                            .err = ChildOptions::Stderr::Taken});
  if (!output) return std::unexpected(output.error());
  while (output->text.ends_with('\n'))
    output->text.pop_back();
  if (output->status == 0) return std::move(output->text);
  return fail(output->text.empty() ? "git failed" : printable(output->text));
}

}  // namespace

std::unique_ptr<Past> Past::open(Context& context, const lang::Workspace& workspace,
                                 const std::string& revision, std::vector<std::string> helps) {
  const std::string state = join_path(workspace.root, kStateFolder);
  std::unique_ptr<Past> past(new Past(context.files, state));
  if (!past->aside_.is_made()) {
    add_fault(context, "E912", fmt::format("cannot make a folder in {}", printable(state)));
    return nullptr;
  }
  if (const Status done = past->take_out(workspace, revision); !done) {
    add_fault(context, "E919",
              fmt::format("cannot look at the revision `{}`: {}", printable(revision),
                          done.error().message),
              std::move(helps));
    return nullptr;
  }
  if (!past->evaluate(context, workspace)) return nullptr;
  return past;
}

/// By an index of its own, as a checkout would write the files; the user's index is not touched.
Status Past::take_out(const lang::Workspace& workspace, const std::string& revision) {
  std::vector<std::string> environment = git_environment();
  const Result<std::string> commit = git(
      {"-C", workspace.root, "rev-parse", "--verify", "--end-of-options", revision + "^{commit}"},
      environment);
  if (!commit) return std::unexpected(commit.error());
  const Result<std::string> prefix = git(
      {"-C", workspace.root, "rev-parse", "--show-prefix", "--is-inside-work-tree"}, environment);
  if (!prefix) return std::unexpected(prefix.error());
  constexpr std::size_t kShort = 12;
  const std::string name = commit->substr(commit->rfind('\n') + 1);
  commit_ = name.substr(0, kShort);
  environment.push_back("GIT_INDEX_FILE=" + join_path(aside_.folder(), "index"));
  const Result<std::string> read = git({"-C", workspace.root, "read-tree", name}, environment);
  if (!read) return std::unexpected(read.error());
  const std::string tree = join_path(aside_.folder(), "tree");
  const Result<std::string> out =
      git({"-C", workspace.root, "checkout-index", "--all", "--prefix=" + tree + "/"}, environment);
  if (!out) return std::unexpected(out.error());
  root_ = tree;
  const std::vector<std::string_view> lines = split(*prefix, '\n');
  if (lines.size() < 2) return fail("git does not say where the workspace is");
  std::string_view below = lines[lines.size() - 2];
  if (below.ends_with('/')) below.remove_suffix(1);
  root_ = join_path(tree, below);
  return {};
}

bool Past::evaluate(Context& context, const lang::Workspace& workspace) {
  Context then{.options = context.options,
               .files = context.files,
               .console = context.console,
               .environment = context.environment,
               .folder = root_};
  const lang::Workspace place{root_, workspace.project};
  graph_ = read_manifests(then, place, {"..."});
  if (graph_) return true;
  refuse(then);
  add_fault(context, "E919", fmt::format("the manifests of {} cannot be used today", commit_));
  return false;
}

Status Past::look_up(const std::vector<NodeId>& goals) {
  Result<exec::Survey> survey =
      exec::Survey::make(*graph_, files_, {.workspace = root_, .state = state_, .goals = goals});
  if (!survey) return std::unexpected(survey.error());
  survey_.emplace(std::move(*survey));
  results_ = exec::find_results(*survey_, cas_);
  return {};
}

std::optional<store::Made> Past::result(NodeId node) const {
  return results_[static_cast<std::size_t>(node)];
}

std::optional<NodeId> Past::first_unknown(NodeId node) const {
  for (const NodeId need : needed_order(*graph_, std::span(&node, 1))) {
    if (graph_->node(need).kind == ActionKind::Group) continue;
    if (!result(need)) return need;
  }
  return std::nullopt;
}

}  // namespace devgraph::cli
