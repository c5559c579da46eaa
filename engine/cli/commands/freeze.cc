#include <algorithm>

#include <fmt/format.h>

#include "engine/base/line_diff.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/ask_secret.h"
#include "engine/cli/build_job.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/owned_goals.h"
#include "engine/cli/render.h"
#include "engine/exec/owned.h"
#include "engine/exec/stage.h"

namespace devgraph::cli {
namespace {

/// A file that is about to be put into the tree.
struct Copy {
  std::string path;  ///< Workspace-relative.
  std::string from;  ///< Absolute.
  bool is_equal = false;
};

/// What each node would copy, compared with what is there. None: faults in `context.found`.
std::optional<std::vector<Copy>> plan_copies(Context& context, const Graph& graph,
                                             const lang::Workspace& workspace,
                                             const std::vector<NodeId>& nodes) {
  std::vector<Copy> copies;
  bool good = true;
  for (const NodeId node : nodes) {
    for (const exec::OwnedFile& file : exec::owned_files(graph, node)) {
      const Status may = exec::may_write(context.files, workspace.root, file.path);
      const Result<exec::Frozen> state =
          may ? exec::look_at_frozen(graph, context.files, workspace.root, file)
              : std::unexpected(may.error());
      if (state) {
        copies.push_back({file.path, exec::input_path(graph, workspace.root, file.from),
                          *state == exec::Frozen::Equal});
        continue;
      }
      good = false;
      add_fault(context, "E930",
                fmt::format("`{}` cannot write `./{}`: {}", shown_label(graph, node),
                            printable(file.path), state.error().message),
                {"nothing was written"});
    }
  }
  if (!good) return std::nullopt;
  return copies;
}

Status copy_one(Files& files, const Copy& copy, const std::string& workspace) {
  const Result<FileStat> stat = files.stat(copy.from);
  if (!stat) return std::unexpected(stat.error());
  const Result<std::string> bytes = files.read(copy.from);
  if (!bytes) return std::unexpected(bytes.error());
  return exec::put_bytes(files, join_path(workspace, copy.path), *bytes, stat->executable);
}

int copy_all(Context& context, const Graph& graph, const lang::Workspace& workspace,
             const std::vector<NodeId>& nodes) {
  const std::optional<std::vector<Copy>> copies = plan_copies(context, graph, workspace, nodes);
  if (!copies) return refuse(context);
  for (const Copy& copy : *copies) {
    if (!copy.is_equal) {
      if (const Status done = copy_one(context.files, copy, workspace.root); !done) {
        refuse(context, "E912", done.error().message);
        return kExitFailed;
      }
    }
    context.console.data(
        fmt::format("{} ./{}\n", copy.is_equal ? "unchanged" : "written", printable(copy.path)));
  }
  return kExitDone;
}

/// What a seed would make, and what is there.
struct Seed {
  std::string path;  ///< Workspace-relative.
  std::string label;
  std::string text;
  std::string there;
};

/// None: faults in `context.found`.
std::optional<Seed> look_at_seed(Context& context, const Graph& graph,
                                 const lang::Workspace& workspace, NodeId node) {
  const auto cannot = [&](const std::string& path, const std::string& why) -> std::optional<Seed> {
    add_fault(
        context, "E930",
        fmt::format("`{}` cannot write `./{}`: {}", shown_label(graph, node), printable(path), why),
        {"nothing was written"});
    return std::nullopt;
  };
  if (graph.outputs(node).empty()) return std::nullopt;
  Seed seed{std::string(graph.str(graph.outputs(node)[0].path)), label_of(graph, node), {}, {}};
  if (const Status may = exec::may_write(context.files, workspace.root, seed.path); !may) {
    return cannot(seed.path, may.error().message);
  }
  const std::optional<ValueId> text = find_field(graph, graph.node(node).args, "text");
  const Value value = text ? graph.value(*text) : Value{};
  if (value.tag == ValueTag::Str) seed.text = graph.str(StrId{value.a});
  if (value.tag == ValueTag::Input) {
    Result<std::string> made =
        context.files.read(exec::input_path(graph, workspace.root, InputId{value.a}));
    if (!made) return cannot(seed.path, made.error().message);
    seed.text = std::move(*made);
  }
  const std::string place = join_path(workspace.root, seed.path);
  const Result<FileStat> stat = context.files.lstat(place);
  if (!stat) return cannot(seed.path, stat.error().message);
  if (!stat->exists()) return seed;
  Result<std::string> there = context.files.read(place);
  if (!there) return cannot(seed.path, there.error().message);
  seed.there = std::move(*there);
  return seed;
}

/// Writes the seeds that differ, if it may.
int write_seeds(Context& context, const std::vector<Seed>& seeds, const std::string& workspace) {
  std::size_t count = 0;
  for (const Seed& seed : seeds) {
    const std::string path = "./" + printable(seed.path);
    const std::string diff = unified_diff(seed.there, seed.text, path, seed.label);
    if (diff.empty()) context.console.data(fmt::format("unchanged {}\n", path));
    count += diff.empty() ? 0 : 1;
    context.console.data(diff);
  }
  if (count == 0) return kExitDone;
  const std::string files = count == 1 ? "the file" : fmt::format("{} files", count);
  if (!context.options.yes) {
    if (!has_terminal()) {
      return refuse(context, "E931", "nobody can be asked whether files may be written anew",
                    {"`--yes` writes them"});
    }
    const std::string question = fmt::format("Write {} anew? What differs is lost. [y/N] ", files);
    if (!confirm_on_terminal(context.console, question, [] { return false; }))
      return refuse(context, "E931", "nothing was written");
  }
  for (const Seed& seed : seeds) {
    if (seed.there == seed.text) continue;
    const std::string place = join_path(workspace, seed.path);
    const Result<FileStat> stat = context.files.lstat(place);
    if (const Status done =
            exec::put_bytes(context.files, place, seed.text, stat && stat->executable);
        !done) {
      refuse(context, "E912", done.error().message);
      return kExitFailed;
    }
    context.console.data(fmt::format("written ./{}\n", printable(seed.path)));
  }
  return kExitDone;
}

int reseed(Context& context) {
  std::vector<NodeId> nodes;
  std::vector<Seed> seeds;
  std::string root;
  const auto look = [&](const Job& job, exec::Runner&) {
    root = job.workspace.root;
    for (const NodeId node : nodes) {
      if (std::optional<Seed> seed = look_at_seed(context, job.graph, job.workspace, node))
        seeds.push_back(std::move(*seed));
    }
    return context.found.has_errors() ? refuse(context) : kExitDone;
  };
  const int status = build_with(context, {.choose = choose_owned(node_flags::kSeed, "seed", nodes),
                                          .after = look,
                                          .uses_goals = true});
  // The workspace is free again while a person thinks.
  return status == kExitDone ? write_seeds(context, seeds, root) : status;
}

}  // namespace

int freeze_command(Context& context) {
  if (context.options.reseed) return reseed(context);
  std::vector<NodeId> nodes;
  bool is_built = false;
  const auto copy = [&](const Job& job, exec::Runner&) {
    is_built = true;
    return copy_all(context, job.graph, job.workspace, nodes);
  };
  const int status =
      build_with(context, {.choose = choose_owned(node_flags::kFreeze, "freeze", nodes),
                           .after = copy,
                           .uses_goals = true});
  if (status == kExitFailed && !is_built && !context.console.quiet)
    context.console.talk("nothing was copied into the tree\n");
  return status;
}

}  // namespace devgraph::cli
