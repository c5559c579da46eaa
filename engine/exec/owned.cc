#include "engine/exec/owned.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/stage.h"
#include "engine/graph/order.h"
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

std::vector<NodeId> direct_needs(const Graph& graph, NodeId id) {
  std::set<NodeId> needs;
  std::vector<NodeId> open = {id};
  const auto take = [&](NodeId need) {
    // An instance stands for what it is made of.
    if (needs.insert(need).second && graph.node(need).kind == ActionKind::Group) {
      open.push_back(need);
    }
  };
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    for (const InputId input : graph.inputs(node)) {
      if (const std::optional<NodeId> producer = graph.producer(input)) take(*producer);
    }
    for (const NodeId before : graph.after(node))
      take(before);
  }
  return {needs.begin(), needs.end()};
}

std::optional<NodeId> owner_of(const Graph& graph, std::string_view path) {
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    const NodeId id{i};
    if (!is_freeze(graph, id) && !is_links(graph, id)) continue;
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

std::string link_text(std::string_view place, std::string_view original) {
  std::string_view folder = parent_path(place);
  std::string up;
  while (!is_within(original, folder)) {
    up += "../";
    folder = parent_path(folder);
  }
  return up + std::string(relative_to(original, folder));
}

namespace {

/// Of a link that is not the one that belongs there.
std::string where_it_leads(Files& files, const std::string& place, const std::string& text) {
  const Result<FileStat> behind = files.stat(place);
  if (behind && behind->exists()) return fmt::format("it leads to `{}`", printable(text));
  // As many as the kernel follows.
  constexpr int kMostLinks = 40;
  std::string at = place;
  for (int i = 0; i < kMostLinks; ++i) {
    const Result<std::string> next = files.read_link(at);
    if (!next) return fmt::format("it leads to `{}`, which is not there", printable(text));
    at = join_path(parent_path(at), *next);
  }
  return "it is a ring of links";
}

Result<LinkNow> look_at_file(Files& files, const std::string& place, const std::string& original,
                             const FileStat& there) {
  const Result<FileStat> wanted = files.stat(original);
  if (!wanted) return std::unexpected(wanted.error());
  bool same = wanted->kind == FileKind::Regular && wanted->size == there.size;
  if (same) {
    const Result<FileHash> one = files.hash(place, false);
    if (!one) return std::unexpected(one.error());
    const Result<FileHash> other = files.hash(original, false);
    if (!other) return std::unexpected(other.error());
    same = one->xxh == other->xxh;
  }
  if (same) return LinkNow{LinkState::Copy, "it is a copy, not a link", {}};
  return LinkNow{LinkState::Other, "it is a file of its own, with another content", {}};
}

}  // namespace

Result<LinkNow> look_at_link(const Graph& graph, Files& files, const std::string& workspace,
                             const OwnedFile& file) {
  const std::string place = join_path(workspace, file.path);
  const std::string original = input_path(graph, workspace, file.from);
  const std::string text = link_text(file.path, relative_to(original, workspace));
  const Result<FileStat> there = files.lstat(place);
  if (!there) return std::unexpected(there.error());
  const Status may = may_write(files, workspace, file.path);
  if (!may && there->kind != FileKind::Symlink)
    return LinkNow{LinkState::Blocked, may.error().message, text};
  // The folder that holds it may be behind a link all the same.
  const Status may_beside = may_write(files, workspace, file.path + ".beside");
  if (!may_beside) return LinkNow{LinkState::Blocked, may_beside.error().message, text};
  if (!there->exists()) return LinkNow{LinkState::Absent, "it is not there", text};
  if (there->kind == FileKind::Symlink) {
    const Result<std::string> now = files.read_link(place);
    if (!now) return std::unexpected(now.error());
    if (*now == text) return LinkNow{LinkState::Good, {}, text};
    return LinkNow{LinkState::Elsewhere, where_it_leads(files, place, *now), text};
  }
  Result<LinkNow> now = look_at_file(files, place, original, *there);
  if (now) now->text = text;
  return now;
}

Status put_link(Files& files, const std::string& path, const std::string& text) {
  const std::string folder(parent_path(path));
  if (Status done = files.make_folders(folder); !done) return done;
  const std::string aside = fmt::format("{}/.devgraph-link-{}", folder, base_name(path));
  if (Status done = files.remove(aside); !done) return done;
  if (Status done = files.symlink(text, aside); !done) return done;
  Status done = files.rename(aside, path);
  if (!done) static_cast<void>(files.remove(aside));
  return done;
}

std::vector<Drift> drifted_links(const Graph& graph, Files& files, const std::string& workspace,
                                 const std::vector<NodeId>& goals) {
  std::vector<Drift> found;
  bool any = false;
  for (std::uint32_t i = 0; i < graph.node_count() && !any; ++i)
    any = is_links(graph, NodeId{i});
  if (!any) return found;
  for (const NodeId node : needed_order(graph, goals)) {
    if (!is_links(graph, node)) continue;
    for (const OwnedFile& file : owned_files(graph, node)) {
      const Result<LinkNow> now = look_at_link(graph, files, workspace, file);
      if (now && now->state == LinkState::Good) continue;
      std::string reason = fmt::format("./{} drifted: {}", printable(file.path),
                                       now ? now->what : now.error().message);
      if (now && now->state != LinkState::Blocked) {
        const char* flag = now->state == LinkState::Absent  ? ""
                           : now->state == LinkState::Other ? " --force"
                                                            : " --fix";
        reason += fmt::format("; devgraph link{} {}", flag, shell_word(label_of(graph, node)));
      }
      found.push_back({node, std::move(reason)});
    }
  }
  return found;
}

}  // namespace devgraph::exec
