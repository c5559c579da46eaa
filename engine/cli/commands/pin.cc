#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/pin_file.h"
#include "engine/cli/render.h"
#include "engine/store/tree.h"

namespace devgraph::cli {
namespace {

std::vector<std::string> output_names(const Graph& graph, NodeId node) {
  std::vector<std::string> names;
  for (const Output& output : graph.outputs(node))
    names.emplace_back(graph.str(output.field));
  return names;
}

/// Whether something can stand in for the node; else the fault is in `context.found`.
bool can_be_pinned(Context& context, const Graph& graph, NodeId node) {
  const Node& row = graph.node(node);
  const auto refused = [&](std::string why, std::vector<std::string> helps = {}) {
    add_fault(context, "E934",
              fmt::format("`{}` cannot be pinned: {}", shown_label(graph, node), why),
              std::move(helps));
    return false;
  };
  if ((row.flags & node_flags::kEffect) != 0) return refused("it is an effect");
  if ((row.flags & node_flags::kSeed) != 0) return refused("what a seed made is yours anyway");
  if (row.kind == ActionKind::Group && !graph.inputs(node).empty()) {
    std::vector<std::string> parts;
    for (const InputId input : graph.inputs(node)) {
      const std::optional<NodeId> part = graph.producer(input);
      if (part) parts.push_back(label_of(graph, *part));
    }
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    return refused("it is made of several nodes",
                   {fmt::format("pin one of them: {}", fmt::join(parts, ", "))});
  }
  return !graph.outputs(node).empty() || refused("it makes no file");
}

/// `F` or `NAME=F` for each output. None: faults in `context.found`.
std::optional<std::map<std::string, std::string>> files_by_output(Context& context,
                                                                  const Graph& graph, NodeId node) {
  const std::vector<std::string> names = output_names(graph, node);
  std::map<std::string, std::string> files;
  for (const std::string& word : context.options.from) {
    const std::size_t equals = names.size() == 1 ? std::string::npos : word.find('=');
    const std::string name = equals == word.npos ? names[0] : word.substr(0, equals);
    const bool is_known = std::find(names.begin(), names.end(), name) != names.end();
    const bool has_name = names.size() == 1 || equals != word.npos;
    const std::string file = equals == word.npos ? word : word.substr(equals + 1);
    if (!is_known || !has_name || !files.emplace(name, file).second) files.clear();
    if (files.empty()) break;
  }
  if (files.size() == names.size()) return files;
  std::string usage;
  for (const std::string& name : names)
    usage += names.size() == 1 ? " --from FILE" : fmt::format(" --from {}=FILE", name);
  add_fault(context, "E934",
            fmt::format("`{}` has {}: each needs one file", shown_label(graph, node),
                        names.size() == 1 ? "one output"
                                          : fmt::format("the outputs {}", fmt::join(names, ", "))),
            {fmt::format("write  devgraph pin {}{}", shell_word(label_of(graph, node)), usage),
             "or  --empty  for empty ones"});
  return std::nullopt;
}

/// Where a file stands in from: its place in the workspace, or a copy of it there.
Result<std::string> kept_place(Context& context, const Graph& graph,
                               const lang::Workspace& workspace, const std::string& full,
                               const std::string& digest) {
  if (is_within(full, workspace.root)) {
    std::string path(relative_to(full, workspace.root));
    bool is_source = !is_within(path, kStateFolder) && !is_within(path, graph.out_root());
    for (std::uint32_t i = 0; i < graph.output_count() && is_source; ++i) {
      const std::string_view made = graph.str(graph.output(OutputId{i}).path);
      is_source = !is_within(path, made) && !is_within(made, path);
    }
    if (is_source) return path;
  }
  constexpr std::size_t kDigits = 16;
  const std::string name =
      fmt::format("{}-{}", digest.substr(digest.find(':') + 1, kDigits), base_name(full));
  std::string path = join_path(kPinsFolder, name);
  const std::string place = join_path(workspace.root, path);
  if (Status done = context.files.make_folders(join_path(workspace.root, kPinsFolder)); !done)
    return std::unexpected(done.error());
  const Result<FileStat> there = context.files.lstat(place);
  if (there && there->exists()) return path;  // It is named by its content.
  const std::string aside = place + ".new";
  if (Status done = context.files.remove_all(aside); !done) return std::unexpected(done.error());
  Status done = digest.starts_with("tree:") ? store::copy_tree(context.files, full, aside)
                                            : context.files.copy(full, aside);
  if (done) done = context.files.rename(aside, place);
  if (!done) return std::unexpected(done.error());
  return path;
}

/// What stands in for one output. None: the fault is in `context.found`.
std::optional<PinnedContent> content_for(Context& context, const Graph& graph,
                                         const lang::Workspace& workspace, const Output& output,
                                         const std::string& word) {
  const std::string full = canonical(join_path(context.folder, word)).value_or(word);
  const Result<FileStat> stat = context.files.stat(full);
  const bool wants_tree = output.kind == OutputKind::Tree;
  const FileKind kind = stat ? stat->kind : FileKind::Absent;
  if (kind != (wants_tree ? FileKind::Folder : FileKind::Regular)) {
    const char* what = kind == FileKind::Absent   ? "is not there"
                       : kind == FileKind::Folder ? "is a folder"
                                                  : "is no folder";
    add_fault(context, "E934",
              fmt::format("`{}` {}; the output is a {}", printable(word), what,
                          wants_tree ? "folder" : "file"));
    return std::nullopt;
  }
  const Result<std::string> digest = content_digest(context.files, full);
  const Result<std::string> path = digest ? kept_place(context, graph, workspace, full, *digest)
                                          : std::unexpected(digest.error());
  if (path) return PinnedContent{*path, *digest};
  add_fault(context, "E912", path.error().message);
  return std::nullopt;
}

std::optional<Pin> pin_for(Context& context, const Graph& graph, const lang::Workspace& workspace,
                           NodeId node) {
  if (!can_be_pinned(context, graph, node)) return std::nullopt;
  Pin pin;
  if (context.options.empty) return pin;
  const auto files = files_by_output(context, graph, node);
  if (!files) return std::nullopt;
  for (const Output& output : graph.outputs(node)) {
    const std::string field(graph.str(output.field));
    std::optional<PinnedContent> content =
        content_for(context, graph, workspace, output, files->at(field));
    if (!content) return std::nullopt;
    pin.outputs.emplace(field, std::move(*content));
  }
  return pin;
}

void say_pinned(Context& context, const std::string& label, const Pin& pin) {
  context.console.data(fmt::format("pinned {} to {}\n", label, printable(in_words(pin))));
  const bool is_copied = std::any_of(pin.outputs.begin(), pin.outputs.end(), [](const auto& one) {
    return is_within(one.second.path, kPinsFolder);
  });
  if (is_copied && !context.console.quiet) {
    context.console.talk(
        fmt::format("a copy is kept in {}: this pin holds for this checkout only\n", kPinsFolder));
  }
}

/// Whether a label as it stands in the file is one that a pattern of the command line means.
bool is_meant(const LabelPattern& wanted, const std::string& label) {
  const Result<LabelPattern> have = parse_label(label, "");
  if (!have) return false;
  const bool in_project = wanted.below ? is_within(have->project, wanted.project)
                                       : wildcard_match(wanted.project, have->project);
  const bool named = wanted.name.empty() || wildcard_match(wanted.name, have->name) ||
                     have->name == wanted.name + "/self";
  return in_project && named &&
         std::all_of(wanted.axes.begin(), wanted.axes.end(), [&](const LabelPattern::Axis& axis) {
           return std::any_of(have->axes.begin(), have->axes.end(), [&](const auto& one) {
             return one.name == axis.name && wildcard_match(axis.value, one.value);
           });
         });
}

/// Copies that no pin names any more.
void drop_copies(Files& files, const lang::Workspace& workspace, const Pins& pins,
                 const Pin& gone) {
  for (const auto& [field, content] : gone.outputs) {
    const std::string& path = content.path;
    const bool is_used = std::any_of(pins.begin(), pins.end(), [&](const auto& pin) {
      return std::any_of(pin.second.outputs.begin(), pin.second.outputs.end(),
                         [&](const auto& one) { return one.second.path == path; });
    });
    if (!is_used && is_within(path, kPinsFolder))
      static_cast<void>(files.remove_all(join_path(workspace.root, path)));
  }
}

}  // namespace

int pin_command(Context& context) {
  const Options& options = context.options;
  if (options.empty != options.from.empty()) {
    return refuse(context, "E934", "`devgraph pin` needs a file, or `--empty`",
                  {"usage: devgraph pin LABEL --from FILE", "       devgraph pin LABEL --empty"});
  }
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, options.words);
  if (!labels) return refuse(context);
  const std::optional<Graph> graph =
      load_graph(context, *workspace, demanded_projects(*workspace, *labels), Save::Yes);
  if (!graph) return refuse(context);
  const auto nodes = select_nodes(context, *graph, *labels);
  std::optional<Pins> pins = read_pins(context, *workspace);
  if (!nodes || !pins) return refuse(context);
  std::vector<std::string> changed;
  for (const NodeId node : *nodes) {
    const std::optional<Pin> pin = pin_for(context, *graph, *workspace, node);
    if (!pin) continue;
    changed.push_back(label_of(*graph, node));
    pins->insert_or_assign(changed.back(), *pin);
  }
  if (context.found.has_errors()) return refuse(context);
  if (const Status done = write_pins(context.files, *workspace, *pins); !done)
    return refuse(context, "E912", done.error().message);
  for (const std::string& label : changed)
    say_pinned(context, label, pins->at(label));
  return kExitDone;
}

int unpin_command(Context& context) {
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  const auto labels = parse_labels(context, *workspace, context.options.words);
  if (!labels) return refuse(context);
  // Not by the graph: a pin whose file is gone leaves none.
  std::optional<Pins> pins = read_pins(context, *workspace);
  if (!pins) return refuse(context);
  Pins gone;
  for (std::size_t i = 0; i < labels->size(); ++i) {
    const std::size_t before = gone.size();
    for (const auto& [label, pin] : *pins) {
      if (is_meant((*labels)[i], label)) gone.emplace(label, pin);
    }
    if (gone.size() != before) continue;
    add_fault(context, "E934",
              fmt::format("`{}` is not pinned", printable(context.options.words[i])),
              {pins->empty() ? "nothing is" : "`devgraph check //...` names what is"});
  }
  if (context.found.has_errors()) return refuse(context);
  for (const auto& [label, pin] : gone)
    pins->erase(label);
  if (const Status done = write_pins(context.files, *workspace, *pins); !done)
    return refuse(context, "E912", done.error().message);
  for (const auto& [label, pin] : gone) {
    drop_copies(context.files, *workspace, *pins, pin);
    context.console.data(fmt::format("unpinned {}\n", printable(label)));
  }
  return kExitDone;
}

}  // namespace devgraph::cli
