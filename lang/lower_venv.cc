/// The arguments of the native action `venv`: the interpreter as a tool, and of a project in
/// development mode its pyproject.toml and where its sources begin, instead of its folder.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/python_name.h"
#include "engine/base/text.h"
#include "lang/lower.h"
#include "lang/python_outputs.h"

namespace devgraph::lang {

/// The interpreter; its content is in the key.
ValueId Lowerer::lower_interpreter(Cell& cell, Use& use) {
  const Value python = eval_.parameter(cell, "python");
  const std::string program = python.is(ValueKind::String) ? "python" + python.text() : "python3";
  const Result<std::string> path = eval_.world().tool(program);
  if (!path) {
    const bool is_path = program.find('/') != std::string::npos;
    eval_.fault("E409", use.at, fmt::format("no program `{}`", printable(program)),
                path.error().message,
                is_path ? "`python` is a version, such as \"3.11\""
                        : "install that version of Python, or put its folder on PATH");
    return builder_.none();
  }
  auto name = std::make_shared<StringObject>();
  name->text = program;
  return lower_value(Value(ValueKind::Tool, 0, std::move(name)), use);
}

void Lowerer::lower_venv(Cell& cell, Node& row, InputList& inputs) {
  Plan& plan = eval_.plan_of(cell);
  std::vector<Field> args;
  const auto use = [&](std::string_view name) {
    PlanField* field = plan.find(name);
    return Use{.cell = &cell,
               .inputs = &inputs,
               .normalize = {},
               .at = field != nullptr ? field->range : cell.family->range};
  };
  const auto add = [&](std::string_view name, ValueId value) {
    args.push_back({builder_.str(name), value});
  };
  Use python = use("python");
  add("interpreter", lower_interpreter(cell, python));
  for (const std::string_view name : {"python", "wheels", "version", "lock", "extras"}) {
    Use here = use(name);
    const Value value = eval_.parameter(cell, name);
    if (!value.is_none() && !value.is_error()) add(name, lower_value(value, here));
  }
  const Value editable = eval_.parameter(cell, "editable");
  if (editable.is(ValueKind::Path)) {
    const PathObject& path = editable.as<PathObject>();
    const std::string folder =
        path.in_tree ? path.text : join_path(cell.family->frame->project, path.text);
    const std::string manifest = join_path(folder, "pyproject.toml");
    Use here = use("editable");
    if (eval_.world().kind(manifest) != FileKind::Regular && !in_tree_.contains(manifest)) {
      eval_.fault("E401", here.at, fmt::format("no file `{}`", printable(manifest)),
                  "a project in development mode is known by it",
                  "write one with [project], name and version");
      return;
    }
    add("pyproject", lower_value(Value::file(manifest), here));
    add("sources", builder_.string(python_source_folder(folder, eval_.world())));
  }
  row.args = builder_.map(args);
}

}  // namespace devgraph::lang
