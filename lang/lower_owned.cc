/// Files of the tree that the graph owns in part: what `freeze` copies there, what `links` links.

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/discover.h"
#include "lang/lower.h"

namespace devgraph::lang {

/// The arguments become the files by their places in the tree.
void Lowerer::lower_owned(Cell& cell, Node& row, InputList& inputs) {
  Family& family = *cell.family;
  const bool freezes = family.rule_name == "freeze";
  // A link is about where a file lies, not about what it holds.
  InputList linked;
  const char* name = freezes ? "files" : "to";
  Plan& plan = eval_.plan_of(cell);
  const Range at = plan.find(name) ? plan.find(name)->range : family.range;
  Use use{.cell = &cell, .inputs = freezes ? &inputs : &linked, .normalize = {}, .at = at};
  std::vector<Field> places;
  const Value into = eval_.parameter(cell, "into");
  const Value files = eval_.parameter(cell, name);
  if (into.is(ValueKind::Path) && !files.is_error() && !files.is_none()) {
    const PathObject& path = into.as<PathObject>();
    std::string folder = path.in_tree ? path.text : join_path(family.frame->project, path.text);
    while (folder.ends_with('/'))
      folder.pop_back();
    for (const Value& one : eval_.elements(files)) {
      Value value = eval_.plain(one);
      if (value.is(ValueKind::Node)) {
        const std::optional<Value> out = eval_.handle_field(*value.as<NodeObject>().cell, "out");
        if (out) value = *out;
      }
      const std::optional<InputId> input = input_of(value, use);
      const std::string place = canonical(join_path(folder, base_of(value))).value_or(folder);
      if (!input || !may_own(cell, place, at)) continue;
      if (!freezes && value.is(ValueKind::Output)) {
        inputs.order_only.push_back(value.as<OutputObject>().cell);
      }
      places.push_back({builder_.str(place), builder_.input(*input)});
    }
  }
  row.args = builder_.map(places);
}

bool Lowerer::may_own(Cell& cell, const std::string& path, Range at) {
  const std::string& project = cell.family->frame->project;
  const std::string shown = printable(path);
  if (path == project || !is_within(path, project)) {
    eval_.fault("E417", at, fmt::format("`{}` lies outside of the project", shown),
                fmt::format("the project is //{}", project),
                "a node writes only into its own project");
    return false;
  }
  if (is_within(path, eval_.world().settings().out)) {
    eval_.fault("E417", at, fmt::format("`{}` lies where outputs go", shown), "no place for it",
                "this is for files that are committed");
    return false;
  }
  if (is_kept_place(path)) {
    eval_.fault("E417", at, fmt::format("`{}` belongs to git or to devgraph itself", shown),
                "no place for it", "a node writes elsewhere in its project");
    return false;
  }
  const auto made = in_tree_.find(path);
  const auto [owner, is_new] = owned_.emplace(path, &cell);
  if (made == in_tree_.end() && is_new) return true;
  Cell& other = made != in_tree_.end() ? *made->second.first : *owner->second;
  const std::string label = eval_.label_of(other);
  eval_.fault("E417", at,
              &other == &cell ? fmt::format("two files would be `{}`", shown)
                              : fmt::format("`{}` would write `{}`, as {} does",
                                            eval_.label_of(cell), shown, label),
              "the same place twice");
  return false;
}

/// A source that only a freeze can write, or that is a link of ours, may be absent until then.
void Lowerer::report_absent() {
  for (const Absent& one : absent_) {
    if (owned_.contains(one.file.path)) continue;
    no_such_source(one.file, FileKind::Absent,
                   {.cell = nullptr, .inputs = nullptr, .normalize = {}, .at = one.used});
  }
}

}  // namespace devgraph::lang
