#include "engine/cli/failed_image.h"

#include <atomic>
#include <charconv>

#include <fmt/format.h>

#include "engine/actions/dockerfile/again.h"
#include "engine/actions/oci/config.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/stage.h"
#include "engine/graph/label.h"
#include "lang/docker/dockerfile.h"

namespace devgraph::cli {
namespace {

/// Which instruction an engine's line tells of, counted from 1.
struct Step {
  std::size_t stage = 0;  ///< 0: the number counts the instructions of the whole file.
  std::size_t number = 0;
};

std::size_t number_at(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Of the last line that announces an instruction. A stage has its number only beside others. An
/// instruction that labels what docker keeps is none of the file.
Step last_step(std::string_view log) {
  constexpr std::string_view kBuildah = "STEP ";
  constexpr std::string_view kDocker = "Step ";
  const std::string label = fmt::format(": LABEL {}=", oci::kWorkspaceLabel);
  Step last;
  std::size_t labels = 0;
  for (std::string_view line : split(log, '\n')) {
    std::size_t stage = 1;
    if (line.starts_with('[')) {
      stage = number_at(line.substr(1));
      line.remove_prefix(std::min(line.size(), line.find("] ") + 2));
    }
    const bool is_docker = line.starts_with(kDocker);
    if (!is_docker && !line.starts_with(kBuildah)) continue;
    const std::size_t number = number_at(line.substr(kDocker.size()));
    if (number == 1) labels = 0;
    if (line.find(label) != std::string_view::npos) ++labels;
    last = {is_docker ? 0 : stage, number - std::min(number, labels)};
  }
  return last;
}

/// The place of an instruction as (stage, step) from 0, where FROM is step 0.
std::optional<std::pair<std::size_t, std::size_t>> place_of(const lang::Dockerfile& file,
                                                            Step step) {
  if (step.number == 0) return std::nullopt;
  std::size_t number = step.number - 1;
  if (step.stage != 0) return std::pair{step.stage - 1, number};
  if (number < file.globals.size()) return std::nullopt;
  number -= file.globals.size();
  std::size_t stage = 0;
  while (stage < file.stages.size() && number > file.stages[stage].steps.size())
    number -= file.stages[stage++].steps.size() + 1;
  return std::pair{stage, number};
}

}  // namespace

Result<std::string> before_failure(std::string_view dockerfile, std::string_view log) {
  const auto file = lang::parse_dockerfile(dockerfile);
  if (!file) return fail(file.error().message);
  const auto place = place_of(*file, last_step(log));
  if (!place || place->first >= file->stages.size() || place->second == 0 ||
      place->second > file->stages[place->first].steps.size())
    return fail("it did not come to an instruction behind FROM");
  const lang::DockerInstruction& failed = file->stages[place->first].steps[place->second - 1];
  return std::string(dockerfile.substr(0, failed.begin));
}

Status make_failed_image(Context& context, const Graph& graph, NodeId node,
                         const std::string& workspace, const std::string& folder) {
  const std::string stem = log_stem(graph, node);
  const std::string kept = fmt::format("{}/.devgraph/failed/{}/tmp", workspace, stem);
  const Result<std::string> dockerfile = context.files.read(kept + "/Dockerfile");
  if (!dockerfile) return std::unexpected(dockerfile.error());
  const Result<std::string> log =
      context.files.read(fmt::format("{}/.devgraph/log/{}.log", workspace, stem));
  if (!log) return std::unexpected(log.error());
  const Result<std::string> text = before_failure(*dockerfile, *log);
  if (!text) return std::unexpected(text.error());
  const std::string cut = join_path(folder, "Dockerfile");
  if (const Status done = context.files.write(cut, *text, 0644, false); !done) return done;
  const std::string scratch = join_path(folder, "build");
  if (const Status done = context.files.make_folders(scratch); !done) return done;
  static const std::atomic<bool> kNever{false};
  const actions::Context action{
      .graph = graph,
      .node = node,
      .files = context.files,
      .workspace = workspace,
      .scratch = scratch,
      .path_of = [&](InputId input) { return exec::input_path(graph, workspace, input); },
      .out_path =
          [&](std::size_t index) { return join_path(folder, index == 0 ? "image" : "digest"); },
      .log = [](std::string_view) {},
      .stopping = kNever,
  };
  if (const Status done = context.files.make_folders(action.out_path(0)); !done) return done;
  return actions::build_again(action, cut, kept + "/context");
}

}  // namespace devgraph::cli
