#include "engine/cli/load_graph.h"

#include <algorithm>
#include <expected>
#include <thread>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/graph_file.h"
#include "engine/exec/identify.h"
#include "lang/discover.h"

namespace devgraph::cli {
namespace {

lang::LoadOptions load_options(const Context& context, const lang::Workspace& workspace,
                               const std::vector<std::string>& projects) {
  lang::LoadOptions options;
  options.workspace = workspace.root;
  options.project = workspace.project;
  options.projects = projects;
  for (const std::string& define : context.options.defines) {
    const std::size_t equals = define.find('=');
    options.defines.emplace_back(define.substr(0, equals), define.substr(equals + 1));
  }
  options.param_files = context.options.param_files;
  options.environment = context.environment;
  options.jobs = std::max(1u, std::thread::hardware_concurrency());
  return options;
}

/// A graph made by another program may be lowered in another way. The program's size and time stand
/// for its content; the standard library is part of it.
Digest engine_digest(Files& files) {
  Hasher hasher;
  hasher.field(DEVGRAPH_VERSION);
  if (const Result<FileStat> self = files.stat("/proc/self/exe")) {
    hasher.number(self->size);
    hasher.number(static_cast<std::uint64_t>(self->mtime_ns));
  }
  return hasher.finish();
}

Digest options_digest(const Context& context) {
  Hasher hasher;
  hasher.number(context.options.defines.size());
  for (const std::string& define : context.options.defines)
    hasher.field(define);
  for (const std::string& file : context.options.param_files) {
    const Result<std::string> text = context.files.read(file);
    hasher.field(text ? *text : "");
  }
  return hasher.finish();
}

std::string graph_path(const lang::Workspace& workspace) {
  return join_path(workspace.root, join_path(kStateFolder, "graph"));
}

std::optional<Graph> open_graph(std::string_view block, std::shared_ptr<const void> owner) {
  Result<Graph> graph = Graph::from_memory(block, std::move(owner));
  if (!graph) return std::nullopt;  // A damaged file is as good as none: it is made again.
  return std::move(*graph);
}

/// The compiled graph if it was made for the same question and nothing it looked at has changed.
std::optional<Graph> saved_graph(Context& context, const lang::Workspace& workspace,
                                 const std::vector<std::string>& projects) {
  Result<std::unique_ptr<MappedFile>> mapped = context.files.map(graph_path(workspace));
  if (!mapped) return std::nullopt;
  const std::shared_ptr<const MappedFile> owner = std::move(*mapped);
  const std::optional<GraphFile> file = decode_graph_file(owner->bytes());
  if (!file || file->header.engine != engine_digest(context.files) ||
      file->header.options != options_digest(context) || !covers(file->header.projects, projects)) {
    return std::nullopt;
  }
  std::optional<Graph> graph = open_graph(file->graph, owner);
  if (!graph) return std::nullopt;
  const lang::LoadOptions options = load_options(context, workspace, file->header.projects);
  const std::optional<std::string> changed = lang::changed_read(*graph, context.files, options);
  if (!changed) {
    context.doubts_before = static_cast<std::uint32_t>(file->header.doubts);
    return graph;
  }
  if (context.console.verbose) {
    context.console.talk(fmt::format("manifests are read again: {}\n", printable(*changed)));
  }
  return std::nullopt;
}

/// Of all warnings those that a build does not keep for itself: text in a script that is nearly a
/// hole hardly does what its author meant, and `\{` says that it does. The others are advice.
Diagnostics doubts_of(Context& context) {
  Diagnostics doubts;
  for (const Diagnostic& item : context.found.all()) {
    if (item.code == "W701") doubts.add(item);
  }
  doubts.sort(context.sources);
  return doubts;
}

Status save_graph(Context& context, const lang::Workspace& workspace, const GraphHeader& header,
                  const Graph& graph) {
  const std::string state = join_path(workspace.root, kStateFolder);
  const Result<FileStat> before = context.files.stat(state);
  if (!before) return std::unexpected(before.error());
  if (!before->exists()) {
    constexpr std::uint32_t kOnlyMine = 0700;
    if (Status made = context.files.make_folders(state); !made) return made;
    if (Status closed = context.files.chmod(state, kOnlyMine); !closed) return closed;
  }
  constexpr std::uint32_t kMode = 0600;
  return context.files.write(graph_path(workspace), encode_graph_file(header, graph.bytes()), kMode,
                             false);
}

/// The project that a word without slashes in front and without a colon may mean: `models` is
/// `//models`, seen from the root, where no node has this name. Empty: there is none.
std::string project_named(Context& context, const lang::Workspace& workspace,
                          std::string_view word) {
  const std::string_view folder = word.substr(0, word.find('@'));
  const bool is_label = folder.starts_with('/') || folder.find_first_of(":*") != folder.npos;
  if (folder.empty() || is_label) return {};
  const std::optional<std::string> path = canonical(join_path(workspace.project, folder));
  if (!path) return {};
  const std::string manifest = join_path(join_path(workspace.root, *path), lang::kManifestName);
  const Result<FileStat> stat = context.files.stat(manifest);
  return stat && stat->exists() ? *path : std::string();
}

}  // namespace

std::optional<lang::Workspace> open_workspace(Context& context) {
  std::expected<lang::Workspace, lang::NoWorkspace> found =
      lang::find_workspace(context.files, context.folder);
  if (found) return std::move(*found);
  add_fault(context, "E908", std::move(found.error().message), std::move(found.error().helps));
  return std::nullopt;
}

std::optional<std::vector<LabelPattern>> parse_labels(Context& context,
                                                      const lang::Workspace& workspace,
                                                      std::span<const std::string> words) {
  std::vector<LabelPattern> patterns;
  bool good = true;
  for (const std::string& word : words) {
    Result<LabelPattern> pattern = parse_label(word, workspace.project);
    if (pattern) {
      pattern->folder = project_named(context, workspace, word);
      patterns.push_back(std::move(*pattern));
    } else {
      add_fault(context, "E905", pattern.error().message,
                {"labels look like  app  app@py=3.11  //sub:app  //sub/...  //...",
                 "`devgraph list` prints the labels there are"});
      good = false;
    }
  }
  if (!good) return std::nullopt;
  return patterns;
}

std::vector<std::string> demanded_projects(const lang::Workspace& workspace,
                                           std::span<const LabelPattern> labels) {
  const auto below = [](const std::string& project) { return join_path(project, "..."); };
  std::vector<std::string> projects;
  for (const LabelPattern& label : labels) {
    const bool open = label.project.find('*') != std::string::npos;
    projects.push_back(open ? "..." : label.below ? below(label.project) : label.project);
    if (!label.folder.empty()) projects.push_back(label.folder);
  }
  if (labels.empty()) projects.push_back(below(workspace.project));
  std::sort(projects.begin(), projects.end());
  projects.erase(std::unique(projects.begin(), projects.end()), projects.end());
  return projects;
}

std::optional<Graph> read_manifests(Context& context, const lang::Workspace& workspace,
                                    const std::vector<std::string>& projects,
                                    const lang::LateOptions& late) {
  lang::LoadOptions options = load_options(context, workspace, projects);
  options.late = late;
  std::optional<Graph> graph = lang::load(context.sources, context.files, options, context.found);
  if (context.found.has_errors()) return std::nullopt;
  return graph;
}

bool has_waiting(const Graph& graph) {
  return !exec::undecided_projects(graph).empty();
}

std::optional<Graph> load_graph(Context& context, const lang::Workspace& workspace,
                                const std::vector<std::string>& projects, Save save,
                                const lang::LateOptions& late) {
  if (!late.forget) {
    std::optional<Graph> saved = saved_graph(context, workspace, projects);
    // It does not say why cells are not known that should be.
    if (saved && (late.made.empty() || !has_waiting(*saved))) return saved;
  }
  std::optional<Graph> graph = read_manifests(context, workspace, projects, late);
  if (!graph) return std::nullopt;
  const IdVec<NodeId, Identity> identities = exec::identify(*graph);
  graph = graph->with_identities({identities.begin(), identities.end()});
  context.doubtful = doubts_of(context);
  context.found = Diagnostics();  // All other warnings are for `lint`.
  if (save == Save::Yes) {
    const GraphHeader header = {.engine = engine_digest(context.files),
                                .options = options_digest(context),
                                .doubts = context.doubtful.all().size(),
                                .projects = projects};
    if (const Status saved = save_graph(context, workspace, header, *graph); !saved) {
      add_fault(context, "E912",
                fmt::format("the compiled graph cannot be written: {}", saved.error().message));
      return std::nullopt;
    }
  }
  return graph;
}

void say_doubts(Context& context) {
  if (context.console.quiet) return;
  if (!context.doubtful.all().empty()) {
    context.console.talk(
        render_text(context.doubtful, context.sources, context.console.talk_color));
  } else if (context.doubts_before > 0) {
    context.console.talk(fmt::format("{} warning{} in the manifests; `devgraph lint` prints {}\n",
                                     context.doubts_before, context.doubts_before == 1 ? "" : "s",
                                     context.doubts_before == 1 ? "it" : "them"));
  }
}

std::optional<Graph> last_graph(Context& context, const lang::Workspace& workspace) {
  Result<std::unique_ptr<MappedFile>> mapped = context.files.map(graph_path(workspace));
  if (!mapped) return std::nullopt;
  const std::shared_ptr<const MappedFile> owner = std::move(*mapped);
  const std::optional<GraphFile> file = decode_graph_file(owner->bytes());
  if (!file || file->header.engine != engine_digest(context.files)) return std::nullopt;
  return open_graph(file->graph, owner);
}

}  // namespace devgraph::cli
