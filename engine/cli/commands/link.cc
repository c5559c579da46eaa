#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/owned_goals.h"
#include "engine/cli/render.h"
#include "engine/exec/owned.h"
#include "engine/exec/stage.h"

namespace devgraph::cli {
namespace {

/// A place, and how it is now.
struct Place {
  NodeId node{};
  exec::OwnedFile file;
  exec::LinkNow now;
};

/// What has to be typed for a place to become a link; empty: it becomes one. None: nothing helps.
std::optional<std::string> needed_flag(const Options& options, exec::LinkState state) {
  switch (state) {
    case exec::LinkState::Good:
    case exec::LinkState::Absent:
      return "";
    case exec::LinkState::Elsewhere:
    case exec::LinkState::Copy:
      return options.fix || options.force ? "" : "--fix";
    case exec::LinkState::Other:
      return options.force ? "" : "--force";
    case exec::LinkState::Blocked:
      return std::nullopt;
  }
  return std::nullopt;
}

void refuse_place(Context& context, const Graph& graph, const Place& place,
                  const std::optional<std::string>& flag) {
  std::vector<std::string> helps;
  if (flag && *flag == "--fix") {
    helps.push_back(fmt::format("to make it a link again, write  devgraph link --fix {}",
                                shell_word(label_of(graph, place.node))));
  } else if (flag) {
    helps.push_back(
        fmt::format("its content would be lost; to replace it all the same, write  "
                    "devgraph link --force {}",
                    shell_word(label_of(graph, place.node))));
  }
  helps.emplace_back("nothing was changed");
  add_fault(context, "E932",
            fmt::format("`{}` cannot link `./{}`: {}", shown_label(graph, place.node),
                        printable(place.file.path), place.now.what),
            std::move(helps));
}

std::optional<Place> look_at(Context& context, const Graph& graph, const std::string& root,
                             NodeId node, const exec::OwnedFile& file) {
  Result<exec::LinkNow> now = exec::look_at_link(graph, context.files, root, file);
  if (now) return Place{node, file, std::move(*now)};
  add_fault(context, "E912", now.error().message);
  return std::nullopt;
}

/// Makes a link of it, unless it is one, and says so.
bool link_place(Context& context, const std::string& root, const Place& place) {
  const std::string path = "./" + printable(place.file.path);
  if (place.now.state == exec::LinkState::Good) {
    context.console.data(fmt::format("unchanged {}\n", path));
    return true;
  }
  const Status done =
      exec::put_link(context.files, join_path(root, place.file.path), place.now.text);
  if (!done) {
    refuse(context, "E912", done.error().message);
    return false;
  }
  const bool is_new = place.now.state == exec::LinkState::Absent;
  context.console.data(fmt::format("{} {} -> {}\n", is_new ? "linked" : "restored", path,
                                   printable(place.now.text)));
  return true;
}

int link_all(Context& context, const Graph& graph, const std::string& root,
             const std::vector<NodeId>& nodes) {
  std::vector<Place> places;
  for (const NodeId node : nodes) {
    for (const exec::OwnedFile& file : exec::owned_files(graph, node)) {
      std::optional<Place> place = look_at(context, graph, root, node, file);
      if (!place) continue;
      const std::optional<std::string> flag = needed_flag(context.options, place->now.state);
      if (!flag || !flag->empty()) refuse_place(context, graph, *place, flag);
      places.push_back(std::move(*place));
    }
  }
  if (context.found.has_errors()) return refuse(context);
  const bool good = std::all_of(places.begin(), places.end(), [&](const Place& place) {
    return link_place(context, root, place);
  });
  return good ? kExitDone : kExitFailed;
}

/// The place of a links node that a path of the command line means.
std::optional<Place> named_place(Context& context, const lang::Workspace& workspace,
                                 const Graph& graph, const std::string& word) {
  const std::optional<std::string> full = canonical(join_path(context.folder, word));
  if (full && is_within(*full, workspace.root)) {
    const std::string_view path = relative_to(*full, workspace.root);
    for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
      const NodeId node{i};
      if (!exec::is_links(graph, node)) continue;
      for (const exec::OwnedFile& file : exec::owned_files(graph, node)) {
        if (file.path == path) return look_at(context, graph, workspace.root, node, file);
      }
    }
  }
  add_fault(context, "E932",
            fmt::format("`{}` is no link that a node of `links` keeps", printable(word)),
            {"the path of a file is meant, not a label"});
  return std::nullopt;
}

/// `--stage`: a file that can be written takes the place of the link.
int stage(Context& context, const Graph& graph, const std::string& root, const Place& place) {
  const std::string path = "./" + printable(place.file.path);
  if (place.now.state == exec::LinkState::Copy) {
    context.console.data(fmt::format("unchanged {}\n", path));
    return kExitDone;
  }
  if (place.now.state != exec::LinkState::Good) {
    return refuse(context, "E932", fmt::format("`{}` cannot be staged: {}", path, place.now.what));
  }
  const std::string original = exec::input_path(graph, root, place.file.from);
  const Result<FileStat> stat = context.files.stat(original);
  const Result<std::string> bytes =
      stat ? context.files.read(original) : std::unexpected(stat.error());
  if (!bytes) return refuse(context, "E912", bytes.error().message);
  constexpr std::uint32_t kPermissions = 0777, kOwnerWrites = 0200;
  const std::string copy = join_path(root, place.file.path);
  const std::uint32_t mode = (stat->mode & kPermissions) | kOwnerWrites;
  Status done = context.files.write(copy, *bytes, mode, true);
  // The process's umask may have taken bits away.
  if (done) done = context.files.chmod(copy, mode);
  if (!done) return refuse(context, "E912", done.error().message);
  context.console.data(fmt::format("staged {}\n", path));
  return kExitDone;
}

int unstage(Context& context, const std::string& root, const Place& place) {
  const bool is_edited = place.now.state == exec::LinkState::Other && !context.options.force;
  if (is_edited || place.now.state == exec::LinkState::Blocked) {
    const std::string path = "./" + printable(place.file.path);
    std::vector<std::string> helps;
    if (is_edited) {
      helps.push_back(
          fmt::format("it was edited, or the original was; to lose its content, write  "
                      "devgraph link --unstage {} --force",
                      shell_word(context.options.unstage)));
    }
    return refuse(context, "E932", fmt::format("`{}` stays as it is: {}", path, place.now.what),
                  std::move(helps));
  }
  return link_place(context, root, place) ? kExitDone : kExitFailed;
}

int stage_or_unstage(Context& context) {
  const Options& options = context.options;
  const std::string_view spare = options.fix ? "fix" : "force";
  if (options.fix || (options.force && !options.stage.empty())) {
    const std::string_view what = options.stage.empty() ? "unstage" : "stage";
    return refuse(context, "E904",
                  fmt::format("`devgraph link --{}` has no use for `--{}`", what, spare),
                  {fmt::format("write  devgraph link --{} {}", what,
                               shell_word(options.stage.empty() ? options.unstage : options.stage)),
                   "`--force` goes with `--unstage`, of a file that was edited"});
  }
  const bool both = !options.stage.empty() && !options.unstage.empty();
  if (both || !options.words.empty()) {
    return refuse(context, "E904", "`devgraph link --stage` and `--unstage` take one path",
                  {"usage: devgraph link --stage FILE"});
  }
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  LabelPattern all;
  all.below = true;
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, {&all, 1}), Save::No);
  if (!graph) return refuse(context);
  const std::string& word = options.stage.empty() ? options.unstage : options.stage;
  const std::optional<Place> place = named_place(context, *workspace, *graph, word);
  if (!place) return refuse(context);
  return options.stage.empty() ? unstage(context, workspace->root, *place)
                               : stage(context, *graph, workspace->root, *place);
}

}  // namespace

int link_command(Context& context) {
  if (!context.options.stage.empty() || !context.options.unstage.empty())
    return stage_or_unstage(context);
  std::vector<NodeId> nodes;
  const auto make = [&](const Job& job, exec::Runner&) {
    return link_all(context, job.graph, job.workspace.root, nodes);
  };
  return build_with(context,
                    {.choose = choose_owned(node_flags::kLinks, "links", nodes), .after = make});
}

}  // namespace devgraph::cli
