#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/effect_why.h"
#include "engine/cli/goals.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/render.h"
#include "engine/exec/build.h"

namespace devgraph::cli {
namespace {

std::string shown_value(const std::string& value) {
  return value.empty() ? "nothing" : printable(value);
}

/// `//:cc is stale`, `//:cc and 2 more are stale`; empty if none is.
std::string stale_needs(const Graph& graph, const exec::Why& why) {
  const std::size_t count = why.stale_needs.size();
  if (count == 0) return {};
  const std::string first = shown_label(graph, why.stale_needs[0]);
  return count == 1 ? fmt::format("{} is stale", first)
                    : fmt::format("{} and {} more are stale", first, count - 1);
}

/// Of a node that is stale by itself.
std::string own_verdict(const exec::OwnWhy& why) {
  if (!why.waits.empty()) return "stale: " + printable(why.waits);
  if (!why.failed_log.empty())
    return fmt::format("stale: its last run failed; see {}", printable(why.failed_log));
  if (why.uncertain) return "stale: files came or went while it ran";
  return why.ever_built ? "stale" : "stale: never built";
}

std::string verdict(const Graph& graph, const exec::Why& why) {
  if (why.fresh()) return "fresh";
  if (!why.own.stale) return "stale: " + stale_needs(graph, why);
  return own_verdict(why.own);
}

/// What differs of one node, a line each.
std::string differences(const exec::OwnWhy& why, const std::string& margin) {
  std::string text;
  std::size_t width = 0;
  for (const exec::KeyChange& change : why.changes)
    width = std::max<std::size_t>(width, text_width(printable(change.part)));
  for (const exec::KeyChange& change : why.changes) {
    const std::string part = printable(change.part);
    text +=
        fmt::format("{}{}{}  {} -> {}\n", margin, part, std::string(width - text_width(part), ' '),
                    shown_value(change.before), shown_value(change.now));
  }
  for (const std::string& output : why.outputs)
    text += fmt::format("{}output {}\n", margin, printable(output));
  return text;
}

/// `, through //:lib, //:app`: a long way without its middle.
std::string way(const Graph& graph, const exec::Cause& cause) {
  constexpr std::size_t kMost = 5;
  constexpr std::size_t kAround = 2;
  const std::size_t count = cause.through.size();
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += i == 0 ? ", through " : ", ";
    if (count > kMost && i == kAround) {
      text += fmt::format("{} more", count - 2 * kAround);
      i = count - kAround - 1;
    } else {
      text += shown_label(graph, cause.through[i]);
    }
  }
  return text;
}

/// The ledger is there if one of the nodes is an effect: what is stale of it is only what it reads.
std::string why_text(const Graph& graph, const std::optional<exec::Ledger>& ledger,
                     const exec::Why& why, bool all) {
  std::string text;
  if (ledger && is_effect(graph, why.own.node)) {
    text = effect_text(graph, *ledger, why.own.node, all);
  } else {
    text = fmt::format("{}  {}\n", shown_label(graph, why.own.node), verdict(graph, why));
    text += differences(why.own, "  ");
  }
  constexpr std::size_t kMost = 10;
  std::size_t left = why.causes.size();
  for (const exec::Cause& cause : why.causes) {
    if (!all && why.causes.size() - left == kMost) {
      text += fmt::format("  and {} more; -v shows them all\n", left);
      break;
    }
    text += fmt::format("  {}  {}{}\n", shown_label(graph, cause.own.node), own_verdict(cause.own),
                        way(graph, cause));
    text += differences(cause.own, "    ");
    --left;
  }
  return text;
}

Json own_json(const Graph& graph, const exec::OwnWhy& why) {
  Json changes = Json::array();
  for (const exec::KeyChange& change : why.changes) {
    changes.push_back({{"part", json_text(change.part)},
                       {"before", json_text(change.before)},
                       {"now", json_text(change.now)}});
  }
  Json outputs = Json::array();
  for (const std::string& output : why.outputs)
    outputs.push_back(json_text(output));
  Json item = {{"label", json_text(label_of(graph, why.node))},
               {"ever_built", why.ever_built},
               {"changes", changes},
               {"outputs", outputs}};
  if (!why.failed_log.empty()) item["failed_log"] = json_text(why.failed_log);
  return item;
}

Json labels_json(const Graph& graph, const std::vector<NodeId>& nodes) {
  Json labels = Json::array();
  for (const NodeId node : nodes)
    labels.push_back(json_text(label_of(graph, node)));
  return labels;
}

Json why_json(const Graph& graph, const std::optional<exec::Ledger>& ledger, const exec::Why& why) {
  Json causes = Json::array();
  for (const exec::Cause& cause : why.causes) {
    Json item = own_json(graph, cause.own);
    item["through"] = labels_json(graph, cause.through);
    causes.push_back(std::move(item));
  }
  const NodeId node = why.own.node;
  Json item;
  if (ledger && is_effect(graph, node)) {
    item = {{"label", json_text(label_of(graph, node))},
            {"effect", effect_json(graph, *ledger, node)}};
  } else {
    item = own_json(graph, why.own);
    item["fresh"] = why.fresh();
  }
  item["stale_needs"] = labels_json(graph, why.stale_needs);
  item["causes"] = std::move(causes);
  return item;
}

}  // namespace

int why_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return refuse(context);
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::No);
  if (!graph) return refuse(context);
  const auto nodes = select_nodes(context, *graph, *labels);
  if (!nodes) return refuse(context);
  const Result<std::vector<exec::Why>> whys =
      exec::why(*graph, context.files, workspace->root, *nodes);
  if (!whys) return refuse(context, "E912", whys.error().message);
  std::optional<exec::Ledger> ledger;
  if (std::ranges::any_of(*nodes, [&](NodeId id) { return is_effect(*graph, id); })) {
    Result<exec::Ledger> opened =
        exec::Ledger::open(context.files, join_path(workspace->root, kStateFolder));
    if (!opened) return refuse(context, "E912", opened.error().message);
    ledger = *std::move(opened);
  }
  Json list = Json::array();
  for (const exec::Why& why : *whys) {
    if (context.options.format == "json") {
      list.push_back(why_json(*graph, ledger, why));
    } else {
      context.console.data(why_text(*graph, ledger, why, context.options.verbose));
    }
  }
  if (context.options.format == "json") context.console.data(dump(list));
  return kExitDone;
}

}  // namespace devgraph::cli
