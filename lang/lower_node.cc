/// One leaf of the graph: its action, what it is given, what it waits for.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/lower.h"
#include "lang/native_rules.h"

namespace devgraph::lang {
namespace {

bool runs_command(const Family& family) {
  return family.rule_name == "run" || family.rule_name == "test";
}

/// Fields that only mean something to a command.
constexpr std::array<std::string_view, 9> kCommandFields = {
    "env", "stdin", "secrets", "tools", "within", "cwd", "ok", "normalize", "incremental"};

}  // namespace

/// A field for one cell; a value that is the same in all cells is lowered once.
ValueId Lowerer::lower_field(Cell& cell, PlanField& field, const Type* type, InputList& inputs,
                             bool words) {
  const bool is_shared = !field.per_cell && !cell.own_plan;
  if (is_shared) {
    const auto held = shared_fields_.find(&field);
    if (held != shared_fields_.end()) {
      inputs.add(held->second.inputs);
      return held->second.value;
    }
  }
  Lowered lowered;
  Use use{
      .cell = &cell, .inputs = &lowered.inputs, .normalize = normalize_of(cell), .at = field.range};
  const Value value = eval_.field_value(cell, field, type);
  lowered.value = words ? lower_words(value, use) : lower_value(value, use);
  inputs.add(lowered.inputs);
  const ValueId id = lowered.value;
  if (is_shared) shared_fields_.emplace(&field, std::move(lowered));
  return id;
}

StrId Lowerer::normalize_of(Cell& cell) {
  PlanField* field = eval_.plan_of(cell).find("normalize");
  if (field == nullptr) return {};
  const Value value = eval_.field_value(cell, *field, nullptr);
  std::string text;
  for (const std::string_view word : {"comments", "crlf", "blank"}) {
    for (const Value& one : eval_.elements(value)) {
      if (one.is(ValueKind::String) && one.text() == word && !text.ends_with(word))
        text += (text.empty() ? "" : ",") + std::string(word);
    }
  }
  return builder_.str(text);
}

void Lowerer::lower_leaf(Cell& cell) {
  register_cell(cell);
  if (!eval_.late_needs(*cell.family).waits.empty()) return lower_waiting(cell);
  if (lower_pinned(cell)) return;
  Node row;
  InputList inputs;
  common_fields(cell, row);
  lower_action(cell, row, inputs);
  lower_environment(cell, row, inputs);
  PlanField* deps = eval_.plan_of(cell).find("deps");
  if (deps) {
    Use use{.cell = &cell, .inputs = &inputs, .normalize = normalize_of(cell), .at = deps->range};
    add_all_of(eval_.field_value(cell, *deps, nullptr), use);
  }
  lower_tools(cell, inputs);
  lower_after(cell, row, inputs);
  row.traits = traits_of(cell);
  note_refusals(cell, row);
  row.inputs = builder_.inputs(inputs.ids);
  if (eval_.find_universal(cell, "allow_failed").field) row.listed = builder_.inputs(inputs.listed);
  std::vector<std::uint32_t>& needs = needs_[cell.id];
  for (const InputId id : inputs.ids) {
    const Input& input = builder_.input_row(id);
    if (input.kind == InputKind::Output || input.kind == InputKind::OutputPart) {
      needs.push_back(index_of(builder_.output(OutputId(input.ref)).node));
    }
  }
  rows_[cell.id] = row;
}

void Lowerer::lower_action(Cell& cell, Node& row, InputList& inputs) {
  Family& family = *cell.family;
  row.asks = builder_.none();
  if (!runs_command(family)) return lower_native(cell, row, inputs);
  Plan& plan = eval_.plan_of(cell);
  PlanField* script = plan.find("script");
  PlanField* argv = plan.find("argv");
  row.args = builder_.none();
  if (script && argv) {
    eval_.fault("E415", argv->range, "a node has a script or an `argv`, not both",
                "the other one is here too");
  } else if (argv) {
    lower_argv(cell, *argv, row, inputs);
  } else if (script && script->expr && std::holds_alternative<ast::Script>(script->expr->value)) {
    const CellEnv here(cell, "script");
    lower_script(cell, std::get<ast::Script>(script->expr->value), here.env(), row, inputs);
  } else if (script) {
    const Value value = eval_.field_value(cell, *script, simple(Kind::Script).get());
    if (value.is(ValueKind::Script)) {
      const ScriptObject& object = value.as<ScriptObject>();
      lower_script(cell, *object.script, object.closure->env, row, inputs);
    }
  } else {
    eval_.fault("E415", family.range, fmt::format("`{}` runs nothing", family.name), "no script",
                "write its commands as lines that begin with $");
  }
  PlanField* depfile = plan.find("depfile");
  if (!depfile) return;
  const Value path = eval_.field_value(cell, *depfile, simple(Kind::Path).get());
  if (path.is(ValueKind::Path)) row.depfile = builder_.str(path.as<PathObject>().text);
}

/// `"/app/" = ./src/**` keeps the folders below the fixed part of the glob: one entry a file.
void Lowerer::add_placed(const std::string& key, const Value& value, bool many,
                         std::vector<Placed>& out) {
  std::string folder = key;
  while (folder.starts_with('/'))
    folder.erase(0, 1);
  const bool into = folder.empty() || folder.ends_with('/') || many;
  while (folder.ends_with('/'))
    folder.pop_back();
  if (value.is(ValueKind::List)) {
    const std::size_t before = out.size();
    const bool several = many || value.items().size() > 1;
    for (const Value& one : value.items())
      add_placed(key, one, several, out);
    // A name for one file is no list, though one file fits a list.
    for (std::size_t i = before; i < out.size(); ++i)
      out[i].in_list = into || several;
    return;
  }
  std::string name = folder;
  if (value.is(ValueKind::File) && value.as<FileObject>().glob && (into || many)) {
    const FileObject& file = value.as<FileObject>();
    name = join_path(folder, relative_to(file.path, file.glob_base));
  } else if (into && !value.is(ValueKind::Tree)) {
    const bool is_tree =
        value.is(ValueKind::Output) && value.as<OutputObject>().part.empty() &&
        value.as<OutputObject>().cell->outputs[value.as<OutputObject>().index].kind ==
            OutputKind::Tree;
    // A folder under a folder's key is its content.
    name = is_tree && !many ? folder : join_path(folder, base_of(value));
  }
  out.push_back({std::move(name), value});
}

ValueId Lowerer::lower_files(Cell& cell, const Value& files, Use& use) {
  std::vector<Placed> placed;
  if (files.is(ValueKind::Map)) {
    for (const auto& [key, value] : files.fields())
      add_placed(key, value, false, placed);
  }
  std::set<std::string> seen;
  std::vector<Field> fields;
  for (const Placed& one : placed) {
    if (!seen.insert(one.name).second) {
      eval_.fault("E417", use.at,
                  fmt::format("two files would be `{}` in the archive of `{}`", printable(one.name),
                              cell.family->name),
                  "twice the same name");
    }
    use.in_list = one.in_list;
    fields.push_back({builder_.str(one.name), lower_value(one.value, use)});
  }
  use.in_list = false;
  return builder_.map(fields);
}

void Lowerer::lower_native(Cell& cell, Node& row, InputList& inputs) {
  Family& family = *cell.family;
  row.kind = ActionKind::Native;
  row.action = builder_.str(family.rule_name);
  Plan& plan = eval_.plan_of(cell);
  for (const std::string_view name : kCommandFields) {
    PlanField* field = plan.find(name);
    const bool is_parameter =
        std::any_of(family.rule_decl->parameters.begin(), family.rule_decl->parameters.end(),
                    [&](const ast::Parameter& one) { return one.name.text == name; });
    if (!field || is_parameter || !can_run(family.rule_name)) continue;
    eval_.fault(
        "E308", field->range,
        fmt::format("`{}` runs no command, so `{}` means nothing to it", family.rule_name, name),
        "no command here");
  }
  if (family.rule_name == "provenance") check_provenance(cell);
  if (family.rule_name == "dockerfile") return lower_dockerfile(cell, row, inputs);
  if (family.rule_name == "venv") return lower_venv(cell, row, inputs);
  if (family.rule_name == "freeze" || family.rule_name == "links")
    return lower_owned(cell, row, inputs);
  std::vector<Field> args;
  const std::optional<Outside> outside = outside_of(cell);
  if (outside) row.asks = value_of(builder_, {outside->asked});
  for (const ast::Parameter& parameter : family.rule_decl->parameters) {
    const std::string_view name = parameter.name.text;
    const Range at = plan.find(name) ? plan.find(name)->range : family.range;
    if (outside && outside->argument == name && outside->asked.locked) {
      args.push_back({builder_.str(name), builder_.string(outside->value())});
      continue;
    }
    const Value value = eval_.parameter(cell, name);
    if (value.is_none() || value.is_error() || value.is(ValueKind::Script)) continue;
    Use use{.cell = &cell, .inputs = &inputs, .normalize = {}, .at = at};
    const bool places = name == "files" && family.rule_name == "tar";
    args.push_back(
        {builder_.str(name), places ? lower_files(cell, value, use) : lower_value(value, use)});
  }
  row.args = builder_.map(args);
}

void Lowerer::lower_environment(Cell& cell, Node& row, InputList& inputs) {
  row.env = builder_.map({});
  row.secrets = builder_.map({});
  row.stdin_text = builder_.none();
  row.within = builder_.none();
  if (!runs_command(*cell.family)) return;
  lower_within(cell, row, inputs);
  Plan& plan = eval_.plan_of(cell);
  if (PlanField* field = plan.find("env")) {
    const ValueId env = lower_field(cell, *field, nullptr, inputs, false);
    std::vector<Field> fields;
    if (builder_.value(env).tag == ValueTag::Map) {
      for (Field one : builder_.fields(env)) {
        // By value: a text that is added moves the values of the builder.
        const devgraph::Value value = builder_.value(one.value);
        // A variable holds text.
        if (value.tag == ValueTag::True || value.tag == ValueTag::False)
          one.value = builder_.string(value.tag == ValueTag::True ? "true" : "false");
        if (value.tag == ValueTag::Int) {
          const std::int64_t number =
              static_cast<std::int64_t>((std::uint64_t{value.b} << 32U) | value.a);
          one.value = builder_.string(fmt::format("{}", number));
        }
        if (value.tag == ValueTag::List || value.tag == ValueTag::Map) {
          eval_.fault("E415", field->range,
                      fmt::format("the variable `{}` is a list or a record",
                                  printable(builder_.text(one.name))),
                      "one text, file or secret each", "write join(\":\", xs) for a list of texts");
        }
        const std::string name(builder_.text(one.name));
        if (name.empty() || name.find('=') != std::string::npos) {
          eval_.fault("E415", field->range,
                      fmt::format("`{}` cannot name a variable", printable(name)), "no name",
                      "a variable has a name without `=`");
        }
        if (builder_.value(one.value).tag != ValueTag::None) fields.push_back(one);
      }
    }
    row.env = builder_.map(fields);
  }
  if (PlanField* field = plan.find("stdin"))
    row.stdin_text = lower_field(cell, *field, nullptr, inputs, false);
  if (PlanField* field = plan.find("secrets"))
    row.secrets = lower_field(cell, *field, nullptr, inputs, false);
}

/// The image or Python environment that a command runs in: a node, or a record of type Image.
void Lowerer::lower_within(Cell& cell, Node& row, InputList& inputs) {
  PlanField* field = eval_.plan_of(cell).find("within");
  if (field == nullptr) return;
  Value image = eval_.field_value(cell, *field, nullptr);
  if (image.is_error() || image.is_none()) return;
  if (image.is(ValueKind::Map) && image.find("out") != nullptr) image = *image.find("out");
  Use use{.cell = &cell, .inputs = &inputs, .normalize = {}, .at = field->range};
  const std::optional<InputId> input = input_of(image, use);
  if (input) row.within = builder_.input(*input);
  PlanField* tools = eval_.plan_of(cell).find("tools");
  if (tools == nullptr || is_within_environment(cell)) return;
  eval_.fault(
      "E308", tools->range,
      fmt::format("`{}` runs within an image, whose programs are its tools", cell.family->name),
      "no program of this machine", "leave `tools` out, and put the program into the image");
}

/// Of a node that runs within a Python environment, which only adds to the programs there are.
bool Lowerer::is_within_environment(Cell& cell) {
  PlanField* field = eval_.plan_of(cell).find("within");
  if (field == nullptr) return false;
  Value value = eval_.plain(eval_.field_value(cell, *field, nullptr));
  if (value.is(ValueKind::Node)) {
    const std::optional<Value> out = eval_.handle_field(*value.as<NodeObject>().cell, "out");
    if (out) value = *out;
  }
  return value.is(ValueKind::Output) && value.as<OutputObject>().cell->family->rule_name == "venv";
}

void Lowerer::lower_tools(Cell& cell, InputList& inputs) {
  PlanField* field = eval_.plan_of(cell).find("tools");
  if (!field || !runs_command(*cell.family)) return;
  Use use{.cell = &cell, .inputs = &inputs, .normalize = {}, .at = field->range};
  for (const Value& tool : eval_.elements(eval_.field_value(cell, *field, nullptr))) {
    if (tool.is(ValueKind::String) || tool.is(ValueKind::Tool)) {
      auto name = std::make_shared<StringObject>();
      name->text = tool.text();
      if (name->text.empty() || name->text.find('/') != std::string::npos) {
        eval_.fault("E409", field->range,
                    fmt::format("`{}` is no name of a program", printable(name->text)),
                    "a name without slashes",
                    "for a program of the tree write its path: ./tools/x");
        continue;
      }
      const Result<std::string> path = eval_.world().tool(name->text);
      // A release is often made elsewhere: its tools are looked for when it runs.
      if (!path && (cell.family->is_effect || cell.family->in_effect)) continue;
      if (!path) {
        eval_.fault("E409", field->range, fmt::format("no program `{}`", printable(name->text)),
                    path.error().message, "install it, or put its folder on PATH");
        continue;
      }
      input_of(Value(ValueKind::Tool, 0, std::move(name)), use);
    } else if (tool.is(ValueKind::File)) {
      const std::string& path = tool.as<FileObject>().path;
      if (eval_.world().kind(path) != FileKind::Regular) {
        eval_.fault("E401", field->range, fmt::format("no file `{}`", printable(path)),
                    "it is not there");
        continue;
      }
      Input input;
      input.kind = InputKind::Tool;
      input.ref = index_of(builder_.file(path));
      input.name = builder_.str(base_name(path));
      inputs.add(builder_.add_input(input), false);
    } else if (!tool.is_error()) {
      eval_.fault("E409", field->range, fmt::format("{} cannot be a tool", kind_name(tool)),
                  kind_name(tool), "a built program stands in the script itself: $ {program} …");
    }
  }
}

void Lowerer::nodes_of(const Value& given, std::vector<Cell*>& out, Range at) {
  const Value value = eval_.plain(given);
  switch (value.kind()) {
    case ValueKind::Node:
      out.push_back(value.as<NodeObject>().cell);
      return;
    case ValueKind::Output:
      out.push_back(value.as<OutputObject>().cell);
      return;
    case ValueKind::List:
    case ValueKind::Family:
      for (const Value& one : eval_.elements(value))
        nodes_of(one, out, at);
      return;
    case ValueKind::Map:
      for (const auto& [name, one] : value.fields())
        nodes_of(one, out, at);
      return;
    case ValueKind::File: {
      const auto own = in_tree_.find(value.as<FileObject>().path);
      if (own != in_tree_.end()) out.push_back(own->second.first);
      return;
    }
    default:
      return;
  }
}

void Lowerer::lower_after(Cell& cell, Node& row, InputList& inputs) {
  std::vector<Cell*> cells = inputs.order_only;
  const Evaluator::Universal after = eval_.find_universal(cell, "after");
  if (after.field)
    nodes_of(eval_.field_value(*after.cell, *after.field, nullptr), cells, after.field->range);
  add_deciders(eval_.late_needs(*cell.family), cells);
  std::vector<NodeId> nodes;
  std::unordered_set<std::uint32_t> seen;
  for (Cell* one : cells) {
    const NodeId id = node_of(*one);
    // What an instance comes after holds for its children, of which this may be one.
    if (index_of(id) == cell.id || !seen.insert(index_of(id)).second) continue;
    nodes.push_back(id);
    needs_[cell.id].push_back(index_of(id));
  }
  row.after = builder_.node_ids(nodes);
}

/// What this program cannot run yet is part of the graph, and refused before anything runs.
void Lowerer::note_refusals(Cell& cell, Node& row) {
  Family& family = *cell.family;
  std::string why;
  if (family.rule_name == "freeze") {
    why = "only `devgraph freeze` copies files into the tree";
  } else if (!can_run(family.rule_name)) {
    why = fmt::format("this version of devgraph checks `{}`, but cannot run it", family.rule_name);
  }
  row.refused = builder_.str(why);
}

}  // namespace devgraph::lang
