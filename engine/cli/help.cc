/// The texts of `-h`, and the table of commands.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/option_table.h"
#include "engine/cli/options.h"

namespace devgraph::cli {
namespace {

constexpr std::size_t kNoLimit = 1'000'000;

OptionInfo info_of(const OptionSpec& spec, bool common) {
  OptionInfo info;
  if (!spec.short_name.empty()) info.short_name = fmt::format("-{}", spec.short_name);
  if (!spec.long_name.empty()) info.long_name = fmt::format("--{}", spec.long_name);
  info.value = spec.value;
  info.value_optional = spec.value_optional;
  info.help = spec.help;
  info.common = common;
  if (!spec.choices.empty()) {
    for (const std::string_view choice : split(spec.choices, '|'))
      info.choices.emplace_back(choice);
  }
  return info;
}

std::string option_column(const OptionSpec& spec) {
  std::string text = shown_name(spec);
  if (spec.short_name.empty()) text = "    " + text;
  if (spec.value.empty()) return text;
  const std::string_view value = spec.choices.empty() ? spec.value : spec.choices;
  return spec.value_optional ? fmt::format("{}[={}]", text, value)
                             : fmt::format("{} {}", text, value);
}

bool is_tool(std::string_view command) {
  constexpr std::array<std::string_view, 9> kTools = {
      "freeze", "link", "pin", "unpin", "fmt", "lint", "explain", "doctor", "completion"};
  return std::find(kTools.begin(), kTools.end(), command) != kTools.end();
}

}  // namespace

const std::vector<CommandInfo>& commands() {
  static const std::vector<CommandInfo> kCommands = {
      {"init", "", "write a first build.devgraph from what the folder holds", WordKind::None, 0, 0},
      {"build", "[LABEL…]", "build what is stale", WordKind::Labels, 0, kNoLimit},
      {"release", "[LABEL…]", "push, upload and tag what is built; asks first", WordKind::Labels, 0,
       kNoLimit},
      {"check", "[LABEL…]", "name what is stale, build nothing", WordKind::Labels, 0, kNoLimit},
      {"why", "LABEL…", "what differs from the last run of a node", WordKind::Labels, 1, kNoLimit},
      {"log", "[LABEL…]", "what a node printed when it last ran", WordKind::Labels, 0, kNoLimit},
      {"list", "[LABEL…|std [RULE…]]", "labels and their docs; std: the rules and their fields",
       WordKind::Labels, 0, kNoLimit},
      {"graph", "[LABEL…]", "the nodes and what they need", WordKind::Labels, 0, kNoLimit},
      {"out", "LABEL…", "the paths of the outputs", WordKind::Labels, 1, kNoLimit},
      {"export", "LABEL…", "assignments for `eval`, once what they tell of is built",
       WordKind::Labels, 1, kNoLimit},
      {"image", "diff A B", "how two images differ, path by path; labels or OCI layouts",
       WordKind::Labels, 3, 3},
      {"run", "LABEL -- COMMAND…",
       "a command within an image or Python environment, which is built if stale", WordKind::Labels,
       2, kNoLimit},
      {"shell", "LABEL", "a shell in the same places", WordKind::Labels, 1, 1},
      {"lock", "[LABEL…] | merge BASE OURS THEIRS",
       "write devgraph.lock: names outside and portable keys", WordKind::Labels, 0, kNoLimit},
      {"update", "[LABEL…]", "move names outside to what they stand for now", WordKind::Labels, 0,
       kNoLimit},
      {"freeze", "[LABEL…]", "copy what nodes make into the tree: lock files, generated sources",
       WordKind::Labels, 0, kNoLimit},
      {"link", "[LABEL…]", "make the links to files of other projects", WordKind::Labels, 0,
       kNoLimit},
      {"pin", "LABEL…", "let a file stand in for what a node makes, which is not run then",
       WordKind::Labels, 1, kNoLimit},
      {"unpin", "LABEL…", "run the node again instead", WordKind::Labels, 1, kNoLimit},
      {"metrics", "[LABEL…] [REVISION]", "the numbers that nodes measured, and how they moved",
       WordKind::Labels, 0, kNoLimit},
      {"data", "diff A B", "how two folders differ, file by file; paths, labels or REVISION:LABEL",
       WordKind::Labels, 3, 3},
      {"clean", "[LABEL…]", "remove outputs that nobody changed", WordKind::Labels, 0, kNoLimit},
      {"gc", "", "drop what the graph does not need of results, logs and caches", WordKind::None, 0,
       0},
      {"fmt", "[FILE…|-]", "format manifests", WordKind::Files, 0, kNoLimit},
      {"lint", "", "check manifests and warn of what is likely a mistake", WordKind::None, 0, 0},
      {"explain", "[CODE]", "the page on an error code; without one the list of all",
       WordKind::Code, 0, 1},
      {"doctor", "", "what this machine lacks", WordKind::None, 0, 0},
      {"completion", "bash|zsh|fish", "the shell's completion script", WordKind::Shell, 1, 1},
  };
  return kCommands;
}

const CommandInfo* find_command(std::string_view name) {
  const std::vector<CommandInfo>& all = commands();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const CommandInfo& command) { return command.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<OptionInfo> options_of(std::string_view command) {
  std::vector<OptionInfo> all;
  for (const OptionSpec& spec : own_options(command))
    all.push_back(info_of(spec, false));
  for (const OptionSpec& spec : common_options())
    all.push_back(info_of(spec, true));
  all.push_back({.short_name = "-h",
                 .long_name = "--help",
                 .value = {},
                 .help = "print help",
                 .choices = {},
                 .common = true});
  return all;
}

std::string general_help() {
  std::string text =
      "usage: devgraph COMMAND [OPTION…] [WORD…]   builds what is stale of a build.devgraph\n\n";
  // What is seldom typed stands together: all has to fit on a screen.
  std::string tools;
  for (const CommandInfo& command : commands()) {
    if (is_tool(command.name)) {
      tools += fmt::format("{}{}", tools.empty() ? "" : ", ", command.name);
    } else {
      text += fmt::format("  {:<11} {}\n", command.name, command.summary);
    }
  }
  text += fmt::format("  {}\n", tools);
  text +=
      "\nalways: -C DIR  -D NAME=VALUE  -P FILE  --color auto|always|never  -q  -v  -h\n"
      "exit status: 0 done  1 a node failed  2 refused before anything ran  3 check: stale\n"
      "`devgraph COMMAND -h` prints the options of a command; `man devgraph` tells all.\n";
  return text;
}

std::string command_help(const CommandInfo& command) {
  std::string text =
      fmt::format("devgraph {}: {}\n\nusage: devgraph {} [OPTION…]{}{}\n", command.name,
                  command.summary, command.name, command.words.empty() ? "" : " ", command.words);
  std::size_t width = 0;
  for (const OptionSpec& spec : own_options(command.name))
    width = std::max(width, option_column(spec).size());
  if (width > 0) text += '\n';
  for (const OptionSpec& spec : own_options(command.name))
    text += fmt::format("  {:<{}}  {}\n", option_column(spec), width, spec.help);
  text += "\nalso: -C DIR  -D NAME=VALUE  -P FILE  --color auto|always|never  -q  -v  -h\n";
  return text;
}

}  // namespace devgraph::cli
