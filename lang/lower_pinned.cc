/// Nodes for which files stand in: `devgraph pin`.

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/lower.h"

namespace devgraph::lang {

/// What stands in for one output: a source where it is one, so that an edit of it is seen.
std::optional<ValueId> Lowerer::pinned_content(const PinnedContent& content, Use& use) {
  std::vector<Field> fields = {{builder_.str("path"), builder_.string(content.path)},
                               {builder_.str("digest"), builder_.string(content.digest)}};
  // Recorded: when it is gone, that is said, whatever graph was compiled before.
  const bool is_there = eval_.world().exists(content.path);
  const FileKind kind = is_there ? eval_.world().kind(content.path) : FileKind::Absent;
  const bool is_tree = content.digest.starts_with("tree:");
  if (kind != (is_tree ? FileKind::Folder : FileKind::Regular)) {
    const std::string label = eval_.label_of(*use.cell);
    eval_.fault("E933", use.at,
                fmt::format("`{}` is pinned to `{}`, which is not there", printable(label),
                            printable(content.path)),
                "pinned", fmt::format("`devgraph unpin {}` undoes it", shell_word(label)));
    return std::nullopt;
  }
  if (!is_within(content.path, ".devgraph")) {
    FileObject file;
    file.path = content.path;
    const std::optional<InputId> input = is_tree ? tree_input(file, use) : source_input(file, use);
    if (!input) return std::nullopt;
    fields.push_back({builder_.str("content"), builder_.input(*input)});
  }
  return builder_.map(fields);
}

/// False: nothing stands in for it.
bool Lowerer::lower_pinned(Cell& cell) {
  const Pins& pins = eval_.world().pins();
  if (pins.empty() || cell.outputs.empty()) return false;
  const bool is_fixed = cell.family->is_effect || cell.family->rule_name == "seed";
  const auto held = is_fixed ? pins.end() : pins.find(eval_.label_of(cell));
  if (held == pins.end()) return false;
  const Pin& pin = held->second;
  Node row;
  InputList inputs;
  common_fields(cell, row);
  row.kind = ActionKind::Native;
  no_action(row);
  row.action = builder_.str("pin");
  Use use{.cell = &cell, .inputs = &inputs, .normalize = {}, .at = cell.family->range};
  std::vector<Field> args;
  for (const OutputDecl& output : cell.outputs) {
    const auto content = pin.outputs.find(output.field);
    if (content == pin.outputs.end()) continue;
    const std::optional<ValueId> value = pinned_content(content->second, use);
    if (value) args.push_back({builder_.str(output.field), *value});
  }
  if (!pin.outputs.empty() && pin.outputs.size() != cell.outputs.size()) {
    const std::string label = eval_.label_of(cell);
    eval_.fault("E933", cell.family->range,
                fmt::format("`{}` was pinned when it had other outputs", printable(label)),
                "pinned", fmt::format("`devgraph unpin {}` undoes it", shell_word(label)));
  }
  row.args = builder_.map(args);
  row.inputs = builder_.inputs(inputs.ids);
  rows_[cell.id] = row;
  return true;
}

}  // namespace devgraph::lang
