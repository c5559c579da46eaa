/// Build arguments: which names there are.

#include <algorithm>
#include <array>

#include "lang/docker/use.h"
#include "lang/docker/variables.h"

namespace devgraph::lang {

std::set<std::string> declared_args(const Dockerfile& file) {
  std::set<std::string> names;
  const auto take = [&](const DockerInstruction& step) {
    if (step.word != "ARG") return;
    for (DockerAssignment& one : assignments_of(step))
      names.insert(std::move(one.name));
  };
  for (const DockerInstruction& arg : file.globals)
    take(arg);
  for (const DockerStage& stage : file.stages) {
    for (const DockerInstruction& step : stage.steps)
      take(step);
  }
  return names;
}

bool is_predefined_arg(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"http_proxy", "https_proxy", "ftp_proxy",
                                                      "no_proxy", "all_proxy"};
  return std::find(kNames.begin(), kNames.end(), in_small_letters(name)) != kNames.end();
}

}  // namespace devgraph::lang
