#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/render.h"
#include "engine/graph/label.h"

namespace devgraph::cli {
namespace {

/// Of an attempt, absolute: the last one has no number.
std::string log_path(const lang::Workspace& workspace, const Graph& graph, NodeId node,
                     unsigned attempt) {
  const std::string number = attempt == 0 ? "" : fmt::format(".{}", attempt);
  return fmt::format("{}/{}/log/{}.log{}", workspace.root, kStateFolder, log_stem(graph, node),
                     number);
}

bool has_failed(Context& context, const lang::Workspace& workspace, const Graph& graph,
                NodeId node) {
  const std::string kept =
      fmt::format("{}/{}/failed/{}", workspace.root, kStateFolder, log_stem(graph, node));
  const Result<FileStat> stat = context.files.stat(kept);
  return stat && stat->exists();
}

/// Prints a log from a place on, in blocks: it may be larger than the memory. Gives the place
/// behind what was printed.
Result<std::size_t> print_log(Context& context, const std::string& path, std::size_t begin,
                              bool only_whole_lines) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  const Result<std::unique_ptr<MappedFile>> mapped = context.files.map(path);
  if (!mapped) return std::unexpected(mapped.error());
  const std::string_view text = (*mapped)->bytes();
  const std::size_t end = only_whole_lines ? text.rfind('\n') + 1 : text.size();
  while (begin < end) {
    std::size_t cut = end;
    if (cut - begin > kBlock) {
      const std::size_t newline = text.rfind('\n', begin + kBlock);
      cut = newline == std::string_view::npos || newline < begin ? begin + kBlock : newline + 1;
    }
    context.console.data(clean_text(text.substr(begin, cut - begin), context.console.data_color));
    begin = cut;
  }
  return begin;
}

/// Prints what is added to a file, and goes over to a new file of that name, until the process is
/// interrupted or nobody reads any more.
int follow(Context& context, const std::string& path) {
  constexpr std::chrono::milliseconds kPause{200};
  std::uint64_t inode = 0;
  std::size_t shown = 0;
  while (true) {
    const Result<FileStat> stat = context.files.stat(path);
    if (stat && stat->exists()) {
      if (stat->inode != inode || stat->size < shown) shown = 0;
      inode = stat->inode;
      if (stat->size > shown) shown = print_log(context, path, shown, true).value_or(shown);
    }
    std::string error;
    if (!context.console.finish(error)) return kExitRefused;
    std::this_thread::sleep_for(kPause);
  }
}

/// The graph of the last build: that is what its logs belong to, even if the manifest is broken
/// now.
std::optional<Graph> graph_of_logs(Context& context, const lang::Workspace& workspace,
                                   std::span<const LabelPattern> labels) {
  if (std::optional<Graph> last = last_graph(context, workspace)) {
    if (select_nodes(context, *last, labels)) return last;
    context.found = Diagnostics();
  }
  return load_graph(context, workspace, demanded_projects(workspace, labels), Save::No);
}

std::optional<std::vector<NodeId>> logged_nodes(Context& context, const lang::Workspace& workspace,
                                                const Graph& graph,
                                                std::span<const LabelPattern> labels) {
  std::vector<NodeId> nodes;
  if (labels.empty()) {
    for (std::uint32_t i = 0; i < graph.node_count(); ++i)
      nodes.push_back(NodeId(i));
  } else {
    std::optional<std::vector<NodeId>> selected = select_nodes(context, graph, labels);
    if (!selected) return std::nullopt;
    nodes = std::move(*selected);
  }
  if (context.options.failed) {
    std::erase_if(nodes, [&](NodeId id) { return !has_failed(context, workspace, graph, id); });
  }
  return nodes;
}

int print_logs(Context& context, const lang::Workspace& workspace, const Graph& graph,
               const std::vector<NodeId>& nodes) {
  std::size_t printed = 0;
  for (const NodeId node : nodes) {
    const std::string path = log_path(workspace, graph, node, context.options.attempt);
    const Result<FileStat> stat = context.files.stat(path);
    if (!stat || !stat->exists()) continue;
    if (nodes.size() > 1) {
      context.console.data(
          fmt::format("{}==> {}\n", printed > 0 ? "\n" : "", shown_label(graph, node)));
    }
    const Result<std::size_t> end = print_log(context, path, 0, false);
    if (!end) return refuse(context, "E912", end.error().message);
    ++printed;
  }
  if (printed > 0) return kExitDone;
  if (context.options.failed) {
    if (!context.console.quiet) context.console.talk("no node failed when it last ran\n");
    return kExitDone;
  }
  const std::string which =
      context.options.attempt == 0 ? "" : fmt::format(" of attempt {}", context.options.attempt);
  const std::string what = nodes.size() == 1 ? shown_label(graph, nodes[0])
                                             : fmt::format("these {} nodes", nodes.size());
  return refuse(context, "E913", fmt::format("there is no log{} of {}", which, what),
                {"a node has a log once it has run"});
}

}  // namespace

int log_command(Context& context) {
  if (context.options.words.empty() && !context.options.failed) {
    return refuse(context, "E904", "`devgraph log` needs a label, or --failed",
                  {"`devgraph list` prints the labels there are"});
  }
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return refuse(context);
  const std::optional<Graph> graph = graph_of_logs(context, *workspace, *labels);
  if (!graph) return refuse(context);
  const auto nodes = logged_nodes(context, *workspace, *graph, *labels);
  if (!nodes) return refuse(context);
  if (!context.options.follow) return print_logs(context, *workspace, *graph, *nodes);
  if (nodes->size() != 1) {
    return refuse(context, "E904",
                  fmt::format("`--follow` follows one node, and {} are selected", nodes->size()),
                  {"name a single cell: app@py=3.11"});
  }
  return follow(context, log_path(*workspace, *graph, nodes->front(), 0));
}

}  // namespace devgraph::cli
