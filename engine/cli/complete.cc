#include "engine/cli/complete.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/options.h"
#include "engine/cli/pages.h"
#include "engine/graph/label.h"

namespace devgraph::cli {
namespace {

std::string first_line(std::string_view text) {
  return printable(text.substr(0, text.find('\n')));
}

void keep_started(std::vector<Candidate>& candidates, std::string_view typed) {
  std::erase_if(candidates,
                [&](const Candidate& candidate) { return !candidate.text.starts_with(typed); });
}

const OptionInfo* option_named(const std::vector<OptionInfo>& options, std::string_view name) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const OptionInfo& option) {
    return name == option.short_name || name == option.long_name;
  });
  return found == options.end() ? nullptr : &*found;
}

/// The option whose value is the word behind `word`, if there is one.
const OptionInfo* wants_value(const std::vector<OptionInfo>& options, std::string_view word) {
  const OptionInfo* option = option_named(options, word);
  return option != nullptr && !option->value.empty() && !option->value_optional ? option : nullptr;
}

/// The command among the words before the last, and where it stands.
std::optional<std::size_t> command_at(const std::vector<std::string>& words) {
  const std::vector<OptionInfo> common = options_of("");
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].size() > 1 && words[i][0] == '-') {
      if (wants_value(common, words[i]) != nullptr) ++i;
    } else {
      return i;
    }
  }
  return std::nullopt;
}

std::vector<Candidate> option_candidates(const std::vector<OptionInfo>& options) {
  std::vector<Candidate> candidates;
  for (const OptionInfo& option : options) {
    if (!option.long_name.empty()) candidates.push_back({option.long_name, option.help});
    if (!option.short_name.empty()) candidates.push_back({option.short_name, option.help});
  }
  return candidates;
}

std::vector<Candidate> choice_candidates(const OptionInfo& option, std::string_view before) {
  std::vector<Candidate> candidates;
  candidates.reserve(option.choices.size());
  for (const std::string& choice : option.choices)
    candidates.push_back({fmt::format("{}{}", before, choice), {}});
  return candidates;
}

std::vector<Candidate> word_candidates(const CommandInfo& command, std::string_view typed,
                                       const GraphSource& source) {
  std::vector<Candidate> candidates;
  if (command.kind == WordKind::Shell) {
    for (const char* shell : {"bash", "zsh", "fish"})
      candidates.push_back({shell, {}});
  } else if (command.kind == WordKind::Code) {
    for (const Page& page : error_pages()) {
      const std::string title = first_line(page.text);
      candidates.push_back({std::string(page.code), title.substr(title.find(": ") + 2)});
    }
  } else if (command.kind == WordKind::Labels) {
    std::string project;
    const Graph* graph = source(project);
    if (graph != nullptr) candidates = complete_label(*graph, project, typed);
    if (command.name == "list") candidates.push_back({"std", "the rules of the standard library"});
  }
  return candidates;
}

// --- labels
// ----------------------------------------------------------------------------------------

/// The nodes that the part of a label before its last, unfinished axis selects.
std::vector<NodeId> cells_of(const Graph& graph, std::string_view project, std::string_view label) {
  const Result<LabelPattern> pattern = parse_label(label, project);
  if (!pattern) return {};
  const Result<std::vector<NodeId>> nodes = select(graph, *pattern);
  return nodes ? *nodes : std::vector<NodeId>();
}

/// Behind the `@`: names of axes that are not yet given, or the values of the one being typed.
std::vector<Candidate> axis_candidates(const Graph& graph, std::string_view project,
                                       std::string_view typed) {
  const std::size_t at = typed.find('@');
  const std::size_t comma = typed.rfind(',');
  const bool first = comma == std::string_view::npos || comma < at;
  // What is complete: the name, and the axes before the one being typed.
  const std::string_view done = typed.substr(0, first ? at : comma);
  const std::string_view item = typed.substr((first ? at : comma) + 1);
  const std::string_view head = typed.substr(0, typed.size() - item.size());
  const std::size_t equals = item.find('=');
  std::set<std::string> seen;
  std::vector<Candidate> candidates;
  for (const NodeId id : cells_of(graph, project, done)) {
    for (const AxisValue& axis : graph.axes(id)) {
      const std::string_view name = graph.str(axis.axis);
      const std::string given = fmt::format("{}=", name);
      const bool used = done.find("@" + given) != std::string_view::npos ||
                        done.find("," + given) != std::string_view::npos;
      if (used) continue;
      std::string text = fmt::format("{}{}", head, given);
      if (equals != std::string_view::npos) {
        const bool is_known =
            graph.node(id).late == StrId{} || graph.str(axis.value) != kUnknownValue;
        if (item.substr(0, equals) != name || !is_known) continue;
        text += escape_label_value(graph.str(axis.value));
      }
      if (seen.insert(text).second) candidates.push_back({text, {}});
    }
  }
  return candidates;
}

}  // namespace

std::vector<Candidate> complete_label(const Graph& graph, std::string_view project,
                                      std::string_view typed) {
  if (typed.find('@') != std::string_view::npos) return axis_candidates(graph, project, typed);
  const bool full = typed.starts_with('/');
  const bool colon = typed.starts_with(':');
  std::vector<Candidate> candidates;
  for (const Target& target : graph.targets()) {
    if (!full && graph.str(target.project) != project) continue;
    const std::string name = fmt::format("{}{}", colon ? ":" : "", graph.str(target.name));
    candidates.push_back(
        {full ? label_of(graph, target) : name, first_line(graph.str(target.doc))});
  }
  return candidates;
}

std::vector<Candidate> complete(const std::vector<std::string>& words, const GraphSource& graph) {
  if (words.empty()) return {};
  const std::string& typed = words.back();
  const std::optional<std::size_t> at = command_at(words);
  const CommandInfo* command = at ? find_command(words[*at]) : nullptr;
  if (at && command == nullptr) return {};
  const std::vector<OptionInfo> options = options_of(command == nullptr ? "" : command->name);
  std::vector<Candidate> candidates;
  const OptionInfo* pending =
      words.size() > 1 ? wants_value(options, words[words.size() - 2]) : nullptr;
  const std::size_t equals = typed.find('=');
  if (pending != nullptr) {
    candidates = choice_candidates(*pending, {});
  } else if (typed.starts_with("--") && equals != std::string::npos) {
    const OptionInfo* option = option_named(options, typed.substr(0, equals));
    if (option != nullptr) {
      candidates = choice_candidates(*option, typed.substr(0, equals + 1));
    }
  } else if (typed.starts_with('-')) {
    candidates = option_candidates(options);
  } else if (command != nullptr) {
    candidates = word_candidates(*command, typed, graph);
  } else {
    for (const CommandInfo& one : commands())
      candidates.push_back({std::string(one.name), std::string(one.summary)});
  }
  keep_started(candidates, typed);
  return candidates;
}

std::vector<std::string> split_line(std::string_view line) {
  std::vector<std::string> words(1);
  char quote = 0;
  bool in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (in_word) words.emplace_back();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      words.back() += line[++i];
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string after_last_break(std::string_view word, std::string_view candidate,
                             std::string_view breaks) {
  const std::size_t at = word.find_last_of(breaks);
  if (at == std::string_view::npos) return std::string(candidate);
  // readline counts a `@` or `$` to the word that it begins.
  const bool begins = word[at] == '@' || word[at] == '$';
  return std::string(candidate.substr(begins ? at : at + 1));
}

}  // namespace devgraph::cli
