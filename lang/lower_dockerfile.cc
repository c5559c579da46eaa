/// The arguments of the native action `dockerfile`: not what the manifest says, but what is left of
/// it when only that is taken which the target needs (docker/plan.h).

#include <fmt/format.h>

#include "lang/lower.h"

namespace devgraph::lang {

ValueId Lowerer::lower_context(const DockerPlan& plan, Use& use) {
  std::vector<Field> files;
  files.reserve(plan.context.size());
  for (const auto& [name, file] : plan.context)
    files.push_back({builder_.str(name), lower_value(file, use)});
  return builder_.map(files);
}

void Lowerer::lower_dockerfile(Cell& cell, Node& row, InputList& inputs) {
  row.args = builder_.map({});
  const std::optional<DockerPlan> found = docker_.plan(cell);
  if (!found) return;
  const DockerPlan& plan = *found;
  row.asks = value_of(builder_, plan.asks);
  const auto use = [&](std::string_view name) {
    PlanField* field = eval_.plan_of(cell).find(name);
    return Use{.cell = &cell,
               .inputs = &inputs,
               .normalize = {},
               .at = field ? field->range : cell.family->range};
  };
  const auto parameter = [&](std::string_view name) {
    Use here = use(name);
    return lower_value(eval_.parameter(cell, name), here);
  };
  std::vector<Field> args;
  const auto add = [&](std::string_view name, ValueId value) {
    args.push_back({builder_.str(name), value});
  };
  Use context = use("context");
  add("context", lower_context(plan, context));
  if (plan.text) {
    add("text", builder_.string(*plan.text));
  } else {
    Use file = use("dockerfile");
    add("dockerfile", lower_value(plan.built, file));
    add("target", parameter("target"));
  }
  std::vector<ValueId> names;
  std::vector<ValueId> images;
  Use image = use("images");
  for (const auto& [name, value] : plan.images) {
    names.push_back(builder_.string(name));
    images.push_back(lower_value(value, image));
  }
  add("names", builder_.list(ValueTag::List, names));
  add("images", builder_.list(ValueTag::List, images));
  std::vector<Field> given;
  given.reserve(plan.args.size());
  for (const auto& [name, value] : plan.args)
    given.push_back({builder_.str(name), builder_.string(value)});
  add("args", builder_.map(given));
  for (const std::string_view name : {"platform", "compress", "limit", "follow_links", "secrets"})
    add(name, parameter(name));
  Use tool = use("engine");
  // BuildKit is spoken to by docker, with its plugin buildx.
  const std::string name = plan.engine == "buildkit" ? "docker" : plan.engine;
  auto program = std::make_shared<StringObject>();
  program->text = name;
  add("engine", builder_.string(plan.engine));
  if (!input_of(Value(ValueKind::Tool, 0, std::move(program)), tool)) {
    eval_.fault("E409", tool.at, fmt::format("no program `{}`", name), "it is not on PATH",
                "install it, or choose another `engine`");
  }
  row.args = builder_.map(args);
}

}  // namespace devgraph::lang
