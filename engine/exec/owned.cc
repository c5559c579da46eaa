#include "engine/exec/owned.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/stage.h"
#include "engine/plan/key.h"

namespace devgraph::exec {

bool is_freeze(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kFreeze) != 0;
}

bool is_links(const Graph& graph, NodeId id) {
  return (graph.node(id).flags & node_flags::kLinks) != 0;
}

std::vector<OwnedFile> owned_files(const Graph& graph, NodeId id) {
  std::vector<OwnedFile> files;
  const Value& args = graph.value(graph.node(id).args);
  if (args.tag != ValueTag::Map) return files;
  for (const Field& field : graph.fields(args)) {
    const Value& value = graph.value(field.value);
    if (value.tag == ValueTag::Input)
      files.push_back({std::string(graph.str(field.name)), InputId{value.a}});
  }
  return files;
}

std::vector<NodeId> owned_needs(const Graph& graph, NodeId id) {
  std::vector<NodeId> needs;
  for (const InputId input : graph.inputs(id)) {
    if (const std::optional<NodeId> producer = graph.producer(input)) needs.push_back(*producer);
  }
  for (const NodeId before : graph.after(id))
    needs.push_back(before);
  std::sort(needs.begin(), needs.end());
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  return needs;
}

std::optional<NodeId> frozen_by(const Graph& graph, std::string_view path) {
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const NodeId id{i};
    if (!is_freeze(graph, id)) continue;
    const std::vector<OwnedFile> files = owned_files(graph, id);
    const bool owns = std::any_of(files.begin(), files.end(),
                                  [&](const OwnedFile& file) { return file.path == path; });
    if (owns) return id;
  }
  return std::nullopt;
}

Status may_write(Files& files, const std::string& workspace, std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    const std::string folder(path.substr(0, slash));
    const Result<FileStat> stat = files.lstat(join_path(workspace, folder));
    if (!stat) return std::unexpected(stat.error());
    if (!stat->exists()) return {};
    if (stat->kind == FileKind::Symlink)
      return fail(
          fmt::format("`{}` is a link, and nothing is written behind one", printable(folder)));
    if (stat->kind != FileKind::Folder)
      return fail(fmt::format("`{}` is no folder", printable(folder)));
  }
  const Result<FileStat> stat = files.lstat(join_path(workspace, path));
  if (!stat) return std::unexpected(stat.error());
  if (stat->kind == FileKind::Symlink) return fail("a link stands there");
  if (stat->kind == FileKind::Folder) return fail("a folder stands there");
  if (stat->kind == FileKind::Other) return fail("what stands there is no file");
  return {};
}

Result<Frozen> look_at_frozen(const Graph& graph, Files& files, const std::string& workspace,
                              const OwnedFile& file) {
  const std::string place = join_path(workspace, file.path);
  const std::string from = input_path(graph, workspace, file.from);
  const Result<FileStat> there = files.lstat(place);
  if (!there) return std::unexpected(there.error());
  if (!there->exists()) return Frozen::Absent;
  const Result<FileStat> wanted = files.stat(from);
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->kind != FileKind::Regular)
    return fail(fmt::format("`{}` is no file", printable(plan::input_name(graph, file.from))));
  if (there->kind != FileKind::Regular || there->size != wanted->size ||
      there->executable != wanted->executable) {
    return Frozen::Differs;
  }
  const Result<FileHash> one = files.hash(place, false);
  if (!one) return std::unexpected(one.error());
  const Result<FileHash> other = files.hash(from, false);
  if (!other) return std::unexpected(other.error());
  return one->xxh == other->xxh ? Frozen::Equal : Frozen::Differs;
}

Status put_bytes(Files& files, const std::string& path, std::string_view bytes, bool executable) {
  constexpr std::uint32_t kAll = 0777, kPlain = 0666, kExecute = 0111, kRead = 0444;
  const Result<FileStat> there = files.lstat(path);
  if (!there) return std::unexpected(there.error());
  if (!there->exists()) {
    if (Status done = files.make_folders(std::string(parent_path(path))); !done) return done;
    return files.write(path, bytes, executable ? kAll : kPlain, true);
  }
  std::uint32_t mode = there->mode & kAll & ~kExecute;
  // Who may read it may also execute it.
  if (executable) mode |= (mode & kRead) >> 2U;
  if (Status done = files.write(path, bytes, mode, true); !done) return done;
  const Result<FileStat> now = files.lstat(path);
  // The process's umask may have taken bits away.
  if (now && (now->mode & kAll) == mode) return {};
  return files.chmod(path, mode);
}

std::string frozen_drift(const Graph& graph, Files& files, const std::string& workspace,
                         NodeId node, const OwnedFile& file) {
  const Result<Frozen> state = look_at_frozen(graph, files, workspace, file);
  if (state && *state == Frozen::Equal) return {};
  std::string what;
  if (!state) {
    what = state.error().message;
  } else if (const Status may = may_write(files, workspace, file.path); !may) {
    what = may.error().message;
  } else if (*state == Frozen::Absent) {
    what = "it is not there";
  } else {
    const std::string name = plan::input_name(graph, file.from);
    what = graph.producer(file.from) ? fmt::format("it is not what {} makes", name)
                                     : fmt::format("it is not {}", name);
  }
  return fmt::format("./{} drifted: {}; devgraph freeze {}", printable(file.path), what,
                     shell_word(label_of(graph, node)));
}

}  // namespace devgraph::exec
