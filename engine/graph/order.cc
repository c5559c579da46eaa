#include "engine/graph/order.h"

#include <algorithm>
#include <map>

#include "engine/base/path.h"
#include "engine/graph/label.h"

namespace devgraph {
namespace {

/// What a node needs, one after the other: the producers of its inputs, then `after`.
class Needs {
 public:
  Needs(const Graph& graph, NodeId node)
      : graph_(graph), inputs_(graph.inputs(node)), after_(graph.after(node)) {}

  std::optional<NodeId> next() {
    while (at_ < inputs_.size()) {
      if (const std::optional<NodeId> producer = graph_.producer(inputs_[at_++])) return producer;
    }
    const std::size_t index = at_++ - inputs_.size();
    if (index < after_.size()) return after_[index];
    --at_;
    return std::nullopt;
  }

 private:
  const Graph& graph_;
  std::span<const InputId> inputs_;
  std::span<const NodeId> after_;
  std::size_t at_ = 0;
};

enum class Mark : std::uint8_t { New, Open, Done };

struct Frame {
  NodeId node{};
  Needs needs;
};

/// Depth first from one node, with the stack on the heap. `done(node)` is called when all it needs
/// is done. Returns the nodes of a cycle if one is met.
template <class Done>
std::vector<NodeId> visit(const Graph& graph, NodeId start, IdVec<NodeId, Mark>& marks, Done done) {
  if (marks[start] != Mark::New) return {};
  std::vector<Frame> stack;
  stack.push_back({start, Needs(graph, start)});
  marks[start] = Mark::Open;
  while (!stack.empty()) {
    const std::optional<NodeId> need = stack.back().needs.next();
    if (!need) {
      marks[stack.back().node] = Mark::Done;
      done(stack.back().node);
      stack.pop_back();
    } else if (marks[*need] == Mark::New) {
      marks[*need] = Mark::Open;
      stack.push_back({*need, Needs(graph, *need)});
    } else if (marks[*need] == Mark::Open) {
      std::vector<NodeId> cycle;
      const auto first =
          std::find_if(stack.begin(), stack.end(), [&](const Frame& f) { return f.node == *need; });
      for (auto frame = first; frame != stack.end(); ++frame)
        cycle.push_back(frame->node);
      return cycle;
    }
  }
  return {};
}

using Owners = std::map<std::string, NodeId, std::less<>>;

/// Adds a path, or says with which node it meets.
std::optional<OutputClash> claim(Owners& owners, std::string path, NodeId node) {
  const auto [at, is_new] = owners.emplace(std::move(path), node);
  if (is_new) return std::nullopt;
  return OutputClash{at->second, node, at->first};
}

}  // namespace

std::optional<std::vector<NodeId>> find_cycle(const Graph& graph) {
  IdVec<NodeId, Mark> marks(graph.node_count(), Mark::New);
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    std::vector<NodeId> cycle = visit(graph, NodeId(i), marks, [](NodeId) {});
    if (!cycle.empty()) return cycle;
  }
  return std::nullopt;
}

std::vector<NodeId> needed_order(const Graph& graph, std::span<const NodeId> goals) {
  IdVec<NodeId, Mark> marks(graph.node_count(), Mark::New);
  std::vector<NodeId> sorted(goals.begin(), goals.end());
  if (!std::is_sorted(sorted.begin(), sorted.end())) std::sort(sorted.begin(), sorted.end());
  std::vector<NodeId> order;
  order.reserve(sorted.size());
  for (const NodeId goal : sorted) {
    visit(graph, goal, marks, [&](NodeId node) { order.push_back(node); });
  }
  return order;
}

std::optional<OutputClash> find_output_clash(const Graph& graph) {
  Owners outputs;
  Owners logs;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const NodeId node{i};
    for (const Output& output : graph.outputs(node)) {
      auto clash = claim(outputs, std::string(graph.str(output.path)), node);
      if (clash) return clash;
    }
    if (auto clash = claim(logs, log_stem(graph, node), node)) return clash;
  }
  for (const auto& [path, node] : outputs) {
    for (std::string_view up = parent_path(path); !up.empty(); up = parent_path(up)) {
      const auto at = outputs.find(up);
      if (at != outputs.end()) return OutputClash{at->second, node, std::string(up)};
    }
  }
  return std::nullopt;
}

}  // namespace devgraph
