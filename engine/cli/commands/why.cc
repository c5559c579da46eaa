#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
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

std::string verdict(const exec::Why& why) {
  if (why.fresh) return "fresh";
  return why.ever_built ? "stale" : "stale: never built";
}

std::string why_text(const std::string& label, const exec::Why& why) {
  std::string text = fmt::format("{}  {}\n", label, verdict(why));
  std::size_t width = 0;
  for (const exec::KeyChange& change : why.changes)
    width = std::max<std::size_t>(width, text_width(printable(change.part)));
  for (const exec::KeyChange& change : why.changes) {
    const std::string part = printable(change.part);
    text += fmt::format("  {}{}  {} -> {}\n", part, std::string(width - text_width(part), ' '),
                        shown_value(change.before), shown_value(change.now));
  }
  for (const std::string& output : why.outputs)
    text += fmt::format("  output {}\n", printable(output));
  return text;
}

Json why_json(const std::string& label, const exec::Why& why) {
  Json changes = Json::array();
  for (const exec::KeyChange& change : why.changes) {
    changes.push_back({{"part", json_text(change.part)},
                       {"before", json_text(change.before)},
                       {"now", json_text(change.now)}});
  }
  Json outputs = Json::array();
  for (const std::string& output : why.outputs)
    outputs.push_back(json_text(output));
  return {{"label", json_text(label)},
          {"fresh", why.fresh},
          {"ever_built", why.ever_built},
          {"changes", changes},
          {"outputs", outputs}};
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
  Json list = Json::array();
  for (const NodeId node : *nodes) {
    const Result<exec::Why> why = exec::why(*graph, context.files, workspace->root, node);
    if (!why) return refuse(context, "E912", why.error().message);
    if (context.options.format == "json") {
      list.push_back(why_json(label_of(*graph, node), *why));
    } else {
      context.console.data(why_text(shown_label(*graph, node), *why));
    }
  }
  if (context.options.format == "json") context.console.data(dump(list));
  return kExitDone;
}

}  // namespace devgraph::cli
