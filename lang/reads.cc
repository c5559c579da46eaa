#include "lang/reads.h"

#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/glob.h"
#include "lang/load.h"
#include "lang/params.h"
#include "lang/world.h"
#include "stdlib/embedded.h"

namespace devgraph::lang {
namespace {

/// The settings that a graph was made with: the argument of its one Discover read.
WorkspaceSettings settings_of(const Graph& graph) {
  WorkspaceSettings settings;
  for (const Read& read : graph.reads()) {
    if (read.op != ReadOp::Discover) continue;
    const std::vector<std::string_view> parts = split(graph.str(read.arg), '\0');
    settings.out = std::string(parts[0]);
    settings.ignore.assign(parts.begin() + 1, parts.end());
  }
  return settings;
}

std::set<std::string> in_tree_outputs(const Graph& graph) {
  std::set<std::string> paths;
  for (std::uint32_t i = 0; i < graph.output_count(); ++i) {
    const Output& output = graph.output(OutputId(i));
    const bool is_seed = (graph.node(output.node).flags & node_flags::kSeed) != 0;
    if (output.in_tree != 0 && !is_seed) paths.emplace(graph.str(output.path));
  }
  return paths;
}

}  // namespace

Digest std_digest() {
  static const Digest kDigest = [] {
    Hasher hasher;
    for (const stdlib::File& file : stdlib::files()) {
      hasher.field(file.name);
      hasher.field(file.text);
    }
    return hasher.finish();
  }();
  return kDigest;
}

std::string changed_words(ReadOp op, std::string_view arg) {
  const std::vector<std::string_view> parts = split(arg, '\0');
  std::string first = printable(parts[0]);
  switch (op) {
    case ReadOp::Manifest:
      return first == kStdManifest ? "the standard library of this devgraph"
                                   : fmt::format("{}: changed", first);
    case ReadOp::Text:
      return fmt::format("{}: changed", first);
    case ReadOp::Part: {
      std::string steps;
      for (std::size_t i = 2; i < parts.size(); ++i)
        steps += (i == 2 ? "" : ".") + printable(parts[i]);
      return steps.empty() ? fmt::format("{}: changed", first)
                           : fmt::format("{}: `{}` changed", first, steps);
    }
    case ReadOp::Glob:
      return fmt::format("//{}: a file was added or removed", first);
    case ReadOp::Exists:
      return fmt::format("{}: appeared or vanished", first);
    case ReadOp::Discover:
      return "a project was added or removed";
    case ReadOp::Env:
      return fmt::format("the variable {}", first);
    case ReadOp::Git:
      return fmt::format("git.{}", parts.size() > 1 ? printable(parts[1]) : "");
    case ReadOp::Host:
      return fmt::format("host.{}", first);
    case ReadOp::Tool:
      return fmt::format("the program {} is found elsewhere", first);
    case ReadOp::Param:
      return fmt::format("the parameter {}", first);
    case ReadOp::Lock:
      return fmt::format("{}: {} {}", kLockName, first,
                         parts.size() > 1 ? printable(parts[1]) : "");
    case ReadOp::Late:
      return fmt::format("{}: the values of a late axis changed",
                         printable(LatePlace::parse(arg).path));
  }
  return first;
}

std::optional<std::string> changed_read(const Graph& graph, Files& files,
                                        const LoadOptions& options) {
  const Result<std::map<std::string, std::string>> texts = param_texts(files, options);
  if (!texts) return texts.error().message;
  World world(files, options);
  const WorkspaceSettings settings = settings_of(graph);
  world.set_settings(settings);
  world.set_outputs(in_tree_outputs(graph));
  // Globs stop at projects, so the projects come first; one walk serves both.
  const std::vector<std::string> projects =
      discover_projects(files, options.workspace, settings, options.jobs);
  world.set_projects(projects);
  for (const Read& read : graph.reads()) {
    const std::string_view arg = graph.str(read.arg);
    Digest now;
    if (read.op == ReadOp::Discover) {
      now = World::digest_of_projects(projects);
    } else if (read.op == ReadOp::Manifest && arg == kStdManifest) {
      now = std_digest();
    } else {
      const auto given = texts->find(std::string(arg));
      const std::optional<std::string> param = read.op == ReadOp::Param && given != texts->end()
                                                   ? std::optional(given->second)
                                                   : std::nullopt;
      now = world.redo(read.op, arg, param);
    }
    if (now != read.digest) return changed_words(read.op, arg);
  }
  return std::nullopt;
}

}  // namespace devgraph::lang
