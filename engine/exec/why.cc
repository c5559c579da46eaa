#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/build.h"
#include "engine/exec/identify.h"
#include "engine/exec/survey.h"
#include "engine/plan/key.h"

namespace devgraph::exec {
namespace {

std::string shown(const Digest& digest) {
  return digest.is_zero() ? std::string() : hex(digest).substr(0, 12);
}

void add_deps(Survey& survey, const store::Made& last, Why& why) {
  for (const store::MadeDep& dep : last.deps()) {
    const Digest now = survey.path_content(std::string(dep.path));
    if (now == dep.content) continue;
    why.changes.push_back(
        {fmt::format("found input {}", printable(dep.path)), shown(dep.content), shown(now)});
  }
}

}  // namespace

Result<Why> why(const Graph& graph, Files& files, const std::string& workspace, NodeId node) {
  Survey::Options options;
  options.workspace = workspace;
  options.state = join_path(workspace, ".devgraph");
  options.goals = {node};
  Result<Survey> survey = Survey::make(graph, files, options);
  if (!survey) return std::unexpected(survey.error());
  Why why;
  why.fresh = survey->verdict(node) == Verdict::Fresh;
  const std::optional<store::Made> last = survey->record().last(survey->label_digest(node));
  why.ever_built = last.has_value();
  if (last) {
    const store::Parts parts(files, options.state);
    const std::vector<store::KeyPart> before = parts.read(last->parts());
    const std::vector<store::KeyPart> now =
        plan::key_parts(graph, node, action_version(graph, node), survey->contents());
    if (!before.empty()) {
      for (plan::PartChange& change : plan::changes(before, now)) {
        why.changes.push_back(
            {std::move(change.part), std::move(change.before), std::move(change.now)});
      }
    }
    add_deps(*survey, *last, why);
  }
  const std::vector<plan::OutputNow> outputs = survey->outputs_now(node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string path = printable(graph.str(graph.outputs(node)[i].path));
    if (!outputs[i].exists) {
      why.outputs.push_back(fmt::format("{} is missing", path));
    } else if (last && i < last->output_count() && !plan::is_as_made(last->output(i), outputs[i])) {
      why.outputs.push_back(fmt::format("{} was altered", path));
    }
  }
  return why;
}

}  // namespace devgraph::exec
