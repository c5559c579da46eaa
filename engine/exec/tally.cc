#include "engine/exec/tally.h"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <fmt/format.h>
#include <sys/wait.h>

#include "engine/base/text.h"
#include "engine/exec/frontier.h"
#include "engine/graph/label.h"

namespace devgraph::exec {
namespace {

/// Greater is worse.
int weight(Outcome outcome) {
  switch (outcome) {
    case Outcome::Fresh:
    case Outcome::Restored:
      return 0;
    case Outcome::Run:
      return 1;
    case Outcome::NotStarted:
      return 2;
    case Outcome::Blocked:
      return 3;
    case Outcome::Failed:
      return 4;
  }
  return 0;
}

}  // namespace

Summary count_nodes(const Graph& graph, const std::vector<NodeId>& order,
                    const IdVec<NodeId, Outcome>& outcomes) {
  constexpr int kNobody = -1;
  IdVec<NodeId, int> worst(graph.node_count(), kNobody);
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    if (node.kind == ActionKind::Group) continue;
    int& row = worst[node.counts_with];
    row = std::max(row, weight(outcomes[id]));
  }
  Summary summary;
  std::size_t* const rows[] = {&summary.fresh, &summary.run, &summary.not_started, &summary.blocked,
                               &summary.failed};
  for (const int row : worst) {
    if (row == kNobody) continue;
    ++summary.nodes;
    ++*rows[row];
  }
  return summary;
}

NodeCounter::NodeCounter(const Graph& graph, const std::vector<NodeId>& order)
    : graph_(graph), open_(graph.node_count()) {
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    if (node.kind != ActionKind::Group && open_[node.counts_with]++ == 0) ++total_;
  }
}

bool NodeCounter::ends(NodeId id) {
  const Node& node = graph_.node(id);
  return node.kind != ActionKind::Group && --open_[node.counts_with] == 0;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string timeout_words(const Graph& graph, NodeId node) {
  return fmt::format("timed out after {}",
                     human_duration(std::chrono::milliseconds(graph.traits_of(node).timeout_ms)));
}

std::string fault_of(const Graph& graph, NodeId node, const Exit& exit) {
  const Traits& traits = graph.traits_of(node);
  if (exit.timed_out) return timeout_words(graph, node);
  if (WIFSIGNALED(exit.wait_status)) {
    return fmt::format("killed by {}", signal_name(WTERMSIG(exit.wait_status)));
  }
  const auto code = static_cast<std::uint32_t>(WEXITSTATUS(exit.wait_status));
  const std::span<const std::uint32_t> ok = graph.ok_codes(traits);
  const bool good = ok.empty() ? code == 0 : std::find(ok.begin(), ok.end(), code) != ok.end();
  return good ? std::string() : fmt::format("exit status {}", code);
}

std::optional<std::vector<std::string>> parse_depfile(std::string_view text) {
  // `target target: path path \` with backslashes before blanks, `#` and line ends, and `$$`.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string> paths;
  std::string word;
  bool behind_colon = false;
  bool has_target = false;  // And no colon behind it yet.
  const auto end_word = [&](bool target) {
    if (!word.empty() && behind_colon && !target) paths.push_back(word);
    has_target = (has_target || !word.empty()) && !behind_colon;
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && next == '\r' && i + 2 < text.size() && text[i + 2] == '\n') {
      end_word(false);
      i += 2;
    } else if (c == '\\' && next == '\n') {
      end_word(false);
      ++i;
    } else if ((c == '\\' && (next == ' ' || next == '#' || next == '\t' || next == ':')) ||
               (c == '$' && next == '$')) {
      word += next;
      ++i;
    } else if (c == '\n') {
      end_word(false);
      if (has_target) return std::nullopt;
      behind_colon = false;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      end_word(false);
    } else if (c == ':' && !behind_colon &&
               (next == ' ' || next == '\t' || next == '\n' || next == '\r' || next == '\0' ||
                next == '\\')) {
      end_word(true);
      behind_colon = true;
      has_target = false;
    } else {
      word += c;
    }
  }
  end_word(false);
  if (has_target) return std::nullopt;
  return paths;
}

std::optional<std::string> failed_log(const Graph& graph, Files& files,
                                      const std::string& workspace, NodeId node) {
  // What a failed run made is kept until the next run.
  const std::string stem = log_stem(graph, node);
  const Result<FileStat> kept = files.lstat(fmt::format("{}/.devgraph/failed/{}", workspace, stem));
  if (!kept || !kept->exists()) return std::nullopt;
  return fmt::format(".devgraph/log/{}.log", stem);
}

IdVec<NodeId, std::uint8_t> stale_nodes(const Survey& survey) {
  const Graph& graph = survey.graph();
  IdVec<NodeId, std::uint8_t> stale(graph.node_count());
  // Whether its outputs may come out otherwise.
  IdVec<NodeId, std::uint8_t> spreads(graph.node_count());
  for (const NodeId id : survey.order()) {
    bool by_input = false;
    for_causes(graph, id, [&](NodeId need) { by_input = by_input || spreads[need] != 0; });
    const Verdict own = survey.verdict(id);
    stale[id] = by_input || own != Verdict::Fresh ? 1 : 0;
    // What is pushed or loaded again is what it was.
    spreads[id] = by_input || (own != Verdict::Fresh && own != Verdict::GoneOutside) ? 1 : 0;
  }
  return stale;
}

}  // namespace devgraph::exec
