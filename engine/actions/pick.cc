#include <fmt/format.h>

#include "engine/actions/glob.h"
#include "engine/actions/natives.h"
#include "engine/actions/tree_walk.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

/// A few names for a message.
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 5; ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  if (names.size() > 5) text += fmt::format(" and {} more", names.size() - 5);
  return text;
}

}  // namespace

/// pick(tree, glob): the one file that matches.
Status run_pick(const Context& context) {
  const std::vector<InputId> trees = inputs_arg(context, "tree");
  if (trees.size() != 1) return fail("`tree` is missing: it is left out by `allow_failed`");
  const std::string_view glob = string_arg(context, "glob");
  const Result<std::vector<TreeEntry>> entries = tree_entries(context, trees[0]);
  if (!entries) return std::unexpected(entries.error());
  std::vector<std::string> names;
  std::vector<std::string> all;
  std::string found;
  for (const TreeEntry& entry : *entries) {
    if (entry.kind == FileKind::Folder) continue;
    all.push_back(entry.path);
    if (!glob_matches(glob, entry.path)) continue;
    names.push_back(entry.path);
    found = entry.absolute;
  }
  const std::string tree = printable(input_name(context, trees[0]));
  if (names.empty()) {
    return fail(fmt::format("`{}` matches no file in {}, which holds {}", printable(glob), tree,
                            all.empty() ? "none" : some_of(all)));
  }
  if (names.size() > 1) {
    return fail(fmt::format("`{}` matches {} files in {}: {}", printable(glob), names.size(), tree,
                            some_of(names)));
  }
  return context.files.copy(found, context.out_path(0));
}

}  // namespace devgraph::actions
