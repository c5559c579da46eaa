#include "engine/actions/natives.h"
#include "engine/base/path.h"

namespace devgraph::actions {

namespace {

/// `to` as seen from a link in `folder`; both absolute.
std::string relative_target(std::string_view folder, std::string_view to) {
  std::string up;
  while (!is_within(to, folder)) {
    folder = parent_path(folder);
    up += "../";
  }
  std::string_view rest = to.substr(folder.size());
  while (rest.starts_with('/'))
    rest.remove_prefix(1);
  return up + std::string(rest);
}

}  // namespace

/// symlink(file, to?): relative to where the output lands, not to where it is made.
Status run_symlink(const Context& context) {
  const std::vector<InputId> files = inputs_arg(context, "file");
  if (files.size() != 1) return fail("`file` is missing: it is left out by `allow_failed`");
  const std::string target = context.path_of(files[0]);
  if (!is_within(target, context.workspace)) {
    return context.files.symlink(target, context.out_path(0));
  }
  const Output& output = context.graph.outputs(context.node)[0];
  const std::string lands = join_path(context.workspace, context.graph.str(output.path));
  return context.files.symlink(relative_target(parent_path(lands), target), context.out_path(0));
}

}  // namespace devgraph::actions
