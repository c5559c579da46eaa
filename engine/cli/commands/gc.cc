#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/aside.h"
#include "engine/cli/commands.h"
#include "engine/cli/garbage.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/state_lock.h"

namespace devgraph::cli {
namespace {

void print_json(Context& context, const std::vector<Waste>& found) {
  Json list = Json::array();
  for (const Waste& one : found) {
    Json row = {{"label", json_text(one.label)}, {"what", one.what}, {"bytes", one.bytes}};
    if (one.count > 0) row["count"] = one.count;
    list.push_back(std::move(row));
  }
  context.console.data(dump(list));
}

void print_text(Context& context, const std::vector<Waste>& found) {
  std::size_t width = 0;
  for (const Waste& one : found)
    width = std::max<std::size_t>(width, text_width(one.label));
  for (const Waste& one : found) {
    const std::string gap(width - text_width(one.label), ' ');
    const std::string times = one.count > 1 ? fmt::format("{} × ", one.count) : std::string();
    context.console.data(fmt::format("{:>10}  {}{}  {}{}\n", human_size(one.bytes), one.label, gap,
                                     times, one.what));
  }
}

int collect(Context& context, const lang::Workspace& workspace, bool beside_build) {
  // The whole workspace: what any project of it needs is no waste.
  const std::optional<Graph> graph = load_graph(context, workspace, {"..."}, Save::No);
  if (!graph) return refuse(context);
  Garbage garbage(context.files, workspace.root, *graph, context.options.keep_bytes);
  const Result<std::vector<Waste>> found = garbage.find(beside_build);
  if (!found) return refuse(context, "E912", found.error().message);
  if (context.options.format == "json") {
    print_json(context, *found);
  } else {
    print_text(context, *found);
  }
  std::uint64_t bytes = 0;
  for (const Waste& one : *found)
    bytes += one.bytes;
  if (!context.options.dry_run) {
    if (const Status done = garbage.drop(); !done) {
      refuse(context, "E912", done.error().message, {"`devgraph gc` goes on where it was"});
      return kExitFailed;
    }
  }
  if (!context.console.quiet) {
    const char* dropped = context.options.dry_run ? "would be dropped" : "dropped";
    context.console.talk(fmt::format("{} {}, {} of results kept{}\n", human_size(bytes), dropped,
                                     human_size(garbage.kept_bytes()),
                                     beside_build ? "; a build is running" : ""));
  }
  return kExitDone;
}

}  // namespace

int gc_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  if (context.options.dry_run) {
    const std::string lock = join_path(join_path(workspace->root, kStateFolder), "lock");
    return collect(context, *workspace, is_held(lock));
  }
  const Result<Locked> locked = take_lock(context, *workspace, {});
  if (!locked) return refuse_lock(context, locked.error());
  return collect(context, *workspace, false);
}

}  // namespace devgraph::cli
