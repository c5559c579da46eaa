#include "engine/actions/tree_walk.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {

bool is_tree(const Context& context, InputId input) {
  const Input& row = context.graph.input(input);
  if (row.kind == InputKind::SourceTree) return true;
  return row.kind == InputKind::Output &&
         context.graph.output(OutputId{row.ref}).kind == OutputKind::Tree;
}

Result<std::vector<TreeEntry>> tree_entries(const Context& context, InputId tree) {
  std::vector<TreeEntry> found;
  const Input& row = context.graph.input(tree);
  const std::string root = context.path_of(tree);
  if (row.kind == InputKind::SourceTree) {
    const Tree& source = context.graph.tree(TreeId{row.ref});
    const std::string_view folder = context.graph.str(source.path);
    for (const FileId file : context.graph.tree_files(TreeId{row.ref})) {
      const std::string_view path = context.graph.str(context.graph.file(file).path);
      const std::string inside(relative_to(path, folder));
      found.push_back({inside, join_path(root, inside), FileKind::Regular});
    }
    return found;
  }
  std::vector<std::string> folders = {""};
  while (!folders.empty()) {
    if (stopped(context)) return interrupted();
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    Result<std::vector<FolderEntry>> entries = context.files.list(join_path(root, folder));
    if (!entries) return std::unexpected(entries.error());
    for (const FolderEntry& entry : *entries) {
      const std::string inside = join_path(folder, entry.name);
      if (entry.kind == FileKind::Other) {
        return fail(fmt::format("`{}` in {} is neither a file, a folder nor a link",
                                printable(inside), printable(input_name(context, tree))));
      }
      if (entry.kind == FileKind::Folder) folders.push_back(inside);
      found.push_back({inside, join_path(root, inside), entry.kind});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
  return found;
}

}  // namespace devgraph::actions
