#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/complete.h"
#include "engine/cli/load_graph.h"

namespace devgraph::cli {
namespace {

constexpr std::string_view kBash =
    R"sh(# bash completion of devgraph:  source <(devgraph completion bash)
_devgraph() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(devgraph __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  # A name of an axis is followed by its value, not by a blank.
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace
  fi
}
complete -o default -F _devgraph devgraph
)sh";

constexpr std::string_view kZsh = R"sh(#compdef devgraph
# zsh completion of devgraph:  source <(devgraph completion zsh)
_devgraph() {
  local line text
  local -a plain plain_docs open open_docs
  for line in "${(@f)$(devgraph __complete zsh "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    text=${line%%$'\t'*}
    if [[ $text == *= ]]; then
      open+=("$text"); open_docs+=("${line/$'\t'/  }")
    else
      plain+=("$text"); plain_docs+=("${line/$'\t'/  }")
    fi
  done
  if (( ${#plain} + ${#open} == 0 )); then
    _files
    return
  fi
  (( ${#plain} )) && compadd -l -d plain_docs -a plain
  (( ${#open} )) && compadd -S '' -l -d open_docs -a open
  return 0
}
compdef _devgraph devgraph
)sh";

constexpr std::string_view kFish =
    R"sh(# fish completion of devgraph:  devgraph completion fish | source
function __devgraph_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  devgraph __complete fish $words[2..-1] "$current" 2>/dev/null
end
complete -c devgraph -f -a '(__devgraph_complete)'
complete -c devgraph -n '__fish_seen_subcommand_from fmt' -F
)sh";

/// The folder that `-C` names among the words.
std::string folder_of(const std::vector<std::string>& words) {
  std::string folder;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "-C" || words[i] == "--directory") folder = join_path(folder, words[i + 1]);
  }
  return folder;
}

/// The compiled graph if it has the project, else one made from the manifests. Faults are silence.
std::optional<Graph> graph_for(Context& context, bool full, std::string& project) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  project = workspace->project;
  std::optional<Graph> last = last_graph(context, *workspace);
  if (last) {
    for (const StrId known : last->projects()) {
      if (full || last->str(known) == project) return last;
    }
  }
  const std::vector<std::string> projects =
      full ? std::vector<std::string>{"..."} : demanded_projects(*workspace, {});
  return load_graph(context, *workspace, projects, Save::No);
}

}  // namespace

int completion_command(Context& context) {
  const std::string& shell = context.options.words[0];
  if (shell == "bash") {
    context.console.data(kBash);
  } else if (shell == "zsh") {
    context.console.data(kZsh);
  } else if (shell == "fish") {
    context.console.data(kFish);
  } else {
    return refuse(context, "E903",
                  fmt::format("no completion for the shell `{}`", printable(shell)),
                  {"there is  devgraph completion bash|zsh|fish"});
  }
  return kExitDone;
}

int complete_command(Files& files, Console& console, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return kExitRefused;
  const bool bash = arguments[0] == "bash";
  if (bash && arguments.size() != 3) return kExitRefused;
  std::vector<std::string> words;
  if (bash) {
    words = split_line(arguments[1]);
    words.erase(words.begin());  // The program.
  } else {
    words.assign(arguments.begin() + 1, arguments.end());
  }
  if (words.empty()) return kExitDone;
  const Options options;
  Context context{.options = options,
                  .files = files,
                  .console = console,
                  .environment = process_environment(),
                  .folder = join_path(working_folder(), folder_of(words))};
  std::optional<Graph> graph;
  const bool full = words.back().starts_with('/');
  const auto source = [&](std::string& project) -> const Graph* {
    graph = graph_for(context, full, project);
    return graph ? &*graph : nullptr;
  };
  for (const Candidate& candidate : complete(words, source)) {
    if (bash) {
      console.data(after_last_break(words.back(), candidate.text, arguments[2]) + "\n");
    } else {
      console.data(fmt::format("{}\t{}\n", candidate.text, candidate.doc));
    }
  }
  return kExitDone;
}

}  // namespace devgraph::cli
