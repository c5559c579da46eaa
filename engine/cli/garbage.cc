#include "engine/cli/garbage.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/aside.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/within.h"
#include "engine/graph/label.h"

namespace devgraph::cli {
namespace {

/// What is no longer what its name says: half a layer must not pass for one.
constexpr std::string_view kGone = ".gone";

/// `//app:x` of a log that begins with `# //app:x, attempt 2`.
std::string label_in_log(std::string_view text) {
  constexpr std::string_view kBegin = "# ";
  if (!text.starts_with(kBegin)) return {};
  const std::string_view line = text.substr(kBegin.size(), text.find('\n') - kBegin.size());
  return std::string(line.substr(0, line.find(", attempt ")));
}

}  // namespace

Garbage::Garbage(Files& files, const std::string& workspace, const Graph& graph,
                 std::optional<std::uint64_t> budget)
    : files_(files),
      workspace_(workspace),
      state_(join_path(workspace, kStateFolder)),
      graph_(graph),
      sweep_(graph, files, {workspace, state_, budget}),
      images_(files, workspace, graph) {
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i) {
    labels_.insert(digest_of(label_of(graph_, NodeId{i})));
    stems_.insert(log_stem(graph_, NodeId{i}));
  }
}

Result<std::vector<Waste>> Garbage::find(bool beside_build) {
  if (Status done = find_results(); !done) return std::unexpected(done.error());
  find_failed();
  find_logs();
  find_layers();
  find_engines();
  find_downloads();
  find_left(beside_build);
  std::vector<Waste> all;
  all.reserve(found_.size());
  for (const auto& [name, waste] : found_)
    all.push_back(waste);
  const Result<std::vector<ImageWaste>> images = images_.find(beside_build || is_in_image());
  if (!images) return std::unexpected(images.error());
  for (const ImageWaste& one : *images) {
    all.push_back({printable(one.label), one.what, 0, one.bytes, one.program, one.name, one.id});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Waste& a, const Waste& b) { return a.bytes > b.bytes; });
  return all;
}

/// One that cannot be removed keeps no other from going.
Status Garbage::drop() {
  Status first = sweep_.drop();
  for (const std::string& path : paths_) {
    const std::string gone = path.ends_with(kGone) ? path : path + std::string(kGone);
    Status done;
    if (gone != path) done = files_.remove_all(gone);
    if (done && gone != path) done = files_.rename(path, gone);
    if (done) done = files_.remove_all(gone);
    if (!done && first) first = done;
  }
  if (const Status done = images_.drop(); !done && first) first = done;
  return first;
}

/// Equal lines become one that counts.
void Garbage::add(const std::string& label, const std::string& what, std::size_t count,
                  std::uint64_t bytes) {
  Waste& row = found_[{label, what}];
  row.label = label;
  row.what = what;
  row.count += count;
  row.bytes += bytes;
}

/// What lies there, links not followed; what cannot be read counts nothing.
std::uint64_t Garbage::size_of(const std::string& path) const {
  const Result<FileStat> stat = files_.lstat(path);
  if (!stat || !stat->exists()) return 0;
  if (stat->kind != FileKind::Folder) return stat->size;
  std::uint64_t bytes = 0;
  for (const FolderEntry& entry : entries(path))
    bytes += size_of(join_path(path, entry.name));
  return bytes;
}

std::vector<FolderEntry> Garbage::entries(const std::string& folder) const {
  return files_.list(folder).value_or(std::vector<FolderEntry>());
}

/// `visit` is told each path below a folder, relative to it, and says whether to look into it.
void Garbage::walk(const std::string& root,
                   const std::function<bool(const std::string&, FileKind)>& visit) const {
  std::vector<std::string> folders{""};
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    for (const FolderEntry& entry : entries(join_path(root, folder))) {
      std::string name = join_path(folder, entry.name);
      if (visit(name, entry.kind)) folders.push_back(std::move(name));
    }
  }
}

Status Garbage::find_results() {
  const Result<std::vector<exec::Sweep::Spare>> spare = sweep_.find();
  if (!spare) return std::unexpected(spare.error());
  for (const exec::Sweep::Spare& one : *spare) {
    add(printable(one.label),
        one.in_graph ? "earlier result" : "result of a node that left the graph", one.count,
        one.bytes);
  }
  if (sweep_.stray_bytes() > 0) {
    add(".devgraph/cas", "contents of no result", 0, sweep_.stray_bytes());
  }
  return {};
}

/// Where runs of nodes that left the graph failed; of the others one may want to look.
void Garbage::find_failed() {
  const std::string root = join_path(state_, "failed");
  walk(root, [&](const std::string& stem, FileKind) {
    if (stems_.contains(stem)) return false;
    const auto below = stems_.lower_bound(stem + "/");
    if (below != stems_.end() && is_within(*below, stem)) return true;
    const std::string path = join_path(root, stem);
    add(".devgraph/failed/" + printable(stem), "what a failed run left", 0, size_of(path));
    paths_.push_back(path);
    return false;
  });
}

void Garbage::find_logs() {
  const std::string root = join_path(state_, "log");
  walk(root, [&](const std::string& name, FileKind kind) {
    if (kind == FileKind::Folder) return true;
    const std::size_t end = name.rfind(".log");
    if (end != std::string::npos) find_log(join_path(root, name), name.substr(0, end));
    return false;
  });
}

/// Those of nodes that left the graph go with the last of their results.
void Garbage::find_log(const std::string& path, const std::string& stem) {
  if (stems_.contains(stem)) return;
  std::string label;
  if (const Result<std::unique_ptr<MappedFile>> log = files_.map(path)) {
    label = label_in_log((*log)->bytes());
  }
  if (!label.empty() && sweep_.keeps_any(digest_of(label))) return;
  add(printable(label.empty() ? relative_to(path, workspace_) : label),
      "log of a node that left the graph", 1, size_of(path));
  paths_.push_back(path);
}

/// `run` and `shell` take no lock while they are in an image, or make the one before a failure.
bool Garbage::is_in_image() const {
  const std::vector<FolderEntry> all = entries(state_);
  return std::any_of(all.begin(), all.end(), [&](const FolderEntry& entry) {
    return entry.name.starts_with("run-") && is_held(join_path(state_, entry.name));
  });
}

/// Of images in which nodes run now.
std::set<std::string> Garbage::layers_in_use() const {
  std::set<std::string> used;
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i) {
    const Value within = graph_.value(graph_.node(NodeId{i}).within);
    if (within.tag != ValueTag::Input) continue;
    const Input& input = graph_.input(InputId{within.a});
    if (input.kind != InputKind::Output) continue;
    const std::string_view path = graph_.str(graph_.output(OutputId{input.ref}).path);
    // A Python environment has none; of an image that is not built, nobody knows them.
    exec::EnterRequest request;
    if (!exec::set_image(files_, join_path(workspace_, path), request)) continue;
    for (const exec::LayerPlace& layer : request.image)
      used.insert(layer.folder);
  }
  return used;
}

/// Layers of images in which no node runs.
void Garbage::find_layers() {
  const std::string root = join_path(state_, "layers");
  const std::vector<FolderEntry> all = entries(root);
  if (all.empty()) return;
  if (is_in_image()) return;
  const std::set<std::string> used = layers_in_use();
  for (const FolderEntry& entry : all) {
    // `….part` was being unpacked when a build was killed.
    const std::string name = entry.name.substr(0, entry.name.find('.'));
    if (used.contains(name) && name == entry.name) continue;
    const std::string path = join_path(root, entry.name);
    if (is_held(path)) continue;  // `….lock`: it is being unpacked.
    add(".devgraph/layers", "layer of images in which no node runs", 1, size_of(path));
    paths_.push_back(path);
  }
}

/// The stores of engines serve Dockerfiles; without any they serve nobody.
void Garbage::find_engines() {
  bool any = false;
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i)
    any = any || graph_.str(graph_.node(NodeId{i}).action) == "dockerfile";
  for (const char* name : {"buildah", "podman", "buildah.gone", "podman.gone"}) {
    const std::string path = join_path(state_, name);
    const Result<FileStat> stat = files_.lstat(path);
    if (!stat || !stat->exists() || (any && !path.ends_with(kGone))) continue;
    add(std::string(".devgraph/") + name, "store of an engine that no node needs", 0,
        size_of(path));
    paths_.push_back(path);
  }
}

/// Downloads that broke off, of nodes that are no more.
void Garbage::find_downloads() {
  const std::string root = join_path(state_, "fetch");
  for (const FolderEntry& entry : entries(root)) {
    const std::string stem = entry.name.substr(0, entry.name.find('.'));
    const std::optional<Digest> label = parse_digest(stem);
    if (label && labels_.contains(*label)) continue;
    const std::string path = join_path(root, entry.name);
    // Its first line is the label.
    const std::string notes = files_.read(join_path(root, stem) + ".from").value_or("");
    const std::string shown = printable(notes.substr(0, notes.find('\n')));
    add(shown.empty() ? ".devgraph/fetch" : shown, "part of a download", 0, size_of(path));
    paths_.push_back(path);
  }
}

/// What commands that were killed left.
void Garbage::find_left(bool beside_build) {
  const auto leave = [&](const std::string& path) {
    add(".devgraph", "left by commands that were killed", 0, size_of(path));
    paths_.push_back(path);
  };
  for (const FolderEntry& entry : entries(state_)) {
    const bool aside = entry.name.starts_with("run-") || entry.name.starts_with("past-");
    const std::string path = join_path(state_, entry.name);
    if (aside && !is_held(path)) leave(path);
  }
  if (beside_build) return;
  const std::string scratch = join_path(state_, "scratch");
  for (const FolderEntry& entry : entries(scratch))
    leave(join_path(scratch, entry.name));
}

}  // namespace devgraph::cli
