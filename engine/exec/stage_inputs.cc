// The folder of a command that works on copies of its inputs (`cwd = "inputs"`).

#include <cerrno>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/staging.h"
#include "engine/plan/key.h"
#include "engine/store/tree.h"

namespace devgraph::exec {

/// The name of an input in its key, as a path in the folder.
Result<std::string> Staging::copy_name(InputId id) const {
  const Input& input = graph_.input(id);
  std::string_view name = graph_.str(input.name);
  while (name.starts_with('/'))
    name.remove_prefix(1);
  std::optional<std::string> path = canonical(name);
  if (path && input.kind == InputKind::OutputPart) {
    const std::string_view part = graph_.str(input.part);
    const bool has_part = path == part || path->ends_with("/" + std::string(part));
    if (!has_part) path = join_path(*path, part);
  }
  if (!path || path->empty()) {
    return fail(plan::input_name(graph_, id) + " has no name that a file can have");
  }
  return std::move(*path);
}

Status Staging::copy_inputs() {
  std::map<std::string, InputId> names;
  for (const InputId id : graph_.inputs(id_)) {
    if (is_missing(id) || graph_.input(id).kind == InputKind::Tool) continue;
    Result<std::string> name = copy_name(id);
    if (!name) return std::unexpected(std::move(name.error()));
    const auto [place, is_new] = names.emplace(std::move(*name), id);
    // The same content under the same name may be mentioned as a file and as a part.
    if (!is_new && content_path(place->second) != content_path(id)) {
      return fail("two inputs meet at `" + printable(place->first) +
                      "`: " + plan::input_name(graph_, place->second) + " and " +
                      plan::input_name(graph_, id) +
                      "; with `cwd = \"inputs\"` each needs a name of its own",
                  EEXIST);
    }
    copies_[id] = join_path(command_.folder, place->first);
  }
  std::string_view above;
  for (const auto& [name, id] : names) {
    // A file within a folder that is copied as a whole is there already.
    if (!above.empty() && is_within(name, above)) {
      const InputId outer = names.find(std::string(above))->second;
      const std::string inside(relative_to(name, above));
      if (join_path(content_path(outer), inside) == content_path(id)) continue;
      return fail("`" + printable(name) + "` of " + plan::input_name(graph_, id) +
                      " would lie within " + plan::input_name(graph_, outer) +
                      "; with `cwd = \"inputs\"` each needs a place of its own",
                  EEXIST);
    }
    if (Status done = copy_input(id, copies_[id]); !done) return done;
    above = name;
  }
  return {};
}

Status Staging::copy_input(InputId id, const std::string& to) {
  if (Status done = files_.make_folders(std::string(parent_path(to))); !done) return done;
  const Input& input = graph_.input(id);
  if (input.kind == InputKind::SourceTree) {
    return copy_source_tree(TreeId{input.ref}, to);
  }
  const std::string from = content_path(id);
  const Result<FileStat> stat = files_.stat(from);
  if (!stat) return std::unexpected(stat.error());
  return stat->kind == FileKind::Folder ? store::copy_tree(files_, from, to)
                                        : files_.copy(from, to);
}

/// What the graph lists, and nothing else; links are followed.
Status Staging::copy_source_tree(TreeId tree, const std::string& to) {
  if (Status done = files_.make_folders(to); !done) return done;
  const std::string_view root = graph_.str(graph_.tree(tree).path);
  std::string made = to;
  for (const FileId file : graph_.tree_files(tree)) {
    const std::string_view path = graph_.str(graph_.file(file).path);
    const std::string place = join_path(to, relative_to(path, root));
    std::string parent(parent_path(place));
    if (parent != made) {
      if (Status done = files_.make_folders(parent); !done) return done;
      made = std::move(parent);
    }
    if (Status done = files_.copy(join_path(stage_.workspace, path), place); !done) return done;
  }
  return {};
}

}  // namespace devgraph::exec
