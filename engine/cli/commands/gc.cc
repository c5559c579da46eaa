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
    if (!one.engine.empty()) {
      row["engine"] = one.engine;
      row["name"] = json_text(one.name);
      row["image"] = "sha256:" + one.image;
    }
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
    std::string before = one.count > 1 ? fmt::format("{} × ", one.count) : std::string();
    if (!one.engine.empty()) {
      before = one.name.empty() ? fmt::format("{}: {}, ", one.engine, short_id(one.image))
                                : fmt::format("{}: {} ({}), ", one.engine, printable(one.name),
                                              short_id(one.image));
    }
    context.console.data(fmt::format("{:>10}  {}{}  {}{}\n", human_size(one.bytes), one.label, gap,
                                     before, one.what));
  }
}

/// `1.2 MiB dropped with 2 images, 3.4 MiB of results kept`
std::string summary(const Context& context, const std::vector<Waste>& found,
                    std::uint64_t kept_bytes) {
  std::uint64_t bytes = 0;
  std::size_t images = 0;
  for (const Waste& one : found) {
    bytes += one.bytes;
    images += one.engine.empty() ? 0 : 1;
  }
  std::string with;
  if (images > 0) with = fmt::format(" with {} image{}", images, images == 1 ? "" : "s");
  return fmt::format("{} {}{}, {} of results kept", human_size(bytes),
                     context.options.dry_run ? "would be dropped" : "dropped", with,
                     human_size(kept_bytes));
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
  if (!context.options.dry_run) {
    if (const Status done = garbage.drop(); !done) {
      refuse(context, "E912", done.error().message, {"`devgraph gc` goes on where it was"});
      return kExitFailed;
    }
  }
  if (!context.console.quiet) {
    for (const std::string& note : garbage.notes())
      context.console.talk(note + "\n");
    context.console.talk(fmt::format("{}{}\n", summary(context, *found, garbage.kept_bytes()),
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
