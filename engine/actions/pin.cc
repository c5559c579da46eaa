#include <fmt/format.h>

#include "engine/actions/natives.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/pins.h"
#include "engine/store/tree.h"

namespace devgraph::actions {
namespace {

std::string_view string_of(const Context& context, ValueId map, std::string_view name) {
  const std::optional<ValueId> found = find_field(context.graph, map, name);
  if (!found || context.graph.value(*found).tag != ValueTag::Str) return {};
  return context.graph.str(StrId{context.graph.value(*found).a});
}

Status put(const Context& context, ValueId content, const Output& output, const std::string& to) {
  const std::string path(string_of(context, content, "path"));
  const std::optional<ValueId> input = find_field(context.graph, content, "content");
  const std::string from = input ? context.path_of(InputId{context.graph.value(*input).a})
                                 : join_path(context.workspace, path);
  const std::string_view pinned = string_of(context, content, "digest");
  const Result<std::string> now = content_digest(context.files, from);
  if (!now) return std::unexpected(now.error());
  if (*now != pinned) {
    return fail(fmt::format(
        "{} changed since it was pinned; `devgraph pin {} --from {}` takes it "
        "as it is now",
        printable(path), shell_word(label_of(context.graph, context.node)), shell_word(path)));
  }
  const bool is_tree = now->starts_with("tree:");
  if (is_tree != (output.kind == OutputKind::Tree)) {
    return fail(fmt::format("{} is a {}, and the output is a {}", printable(path),
                            is_tree ? "folder" : "file", is_tree ? "file" : "folder"));
  }
  return is_tree ? store::copy_tree(context.files, from, to) : context.files.copy(from, to);
}

}  // namespace

/// What was pinned stands in for the outputs; those that nothing was given for are empty.
Status run_pin(const Context& context) {
  const std::span<const Output> outputs = context.graph.outputs(context.node);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string to = context.out_path(i);
    const std::optional<ValueId> content = find_arg(context, context.graph.str(outputs[i].field));
    Status done;
    if (content) {
      done = put(context, *content, outputs[i], to);
    } else if (outputs[i].kind == OutputKind::File) {
      done = context.files.write(to, "", 0644, false);
    }
    if (!done) return done;
  }
  return {};
}

}  // namespace devgraph::actions
