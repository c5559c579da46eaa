#include "lang/load.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/image_names.h"
#include "engine/graph/order.h"
#include "lang/check.h"
#include "lang/lower.h"
#include "lang/params.h"
#include "lang/reads.h"
#include "lang/resolve.h"

namespace devgraph::lang {
namespace {

using Texts = std::map<std::string, std::string>;

ProgramOptions program_options(const LoadOptions& options) {
  ProgramOptions all{
      .workspace = options.workspace, .projects = options.projects, .jobs = options.jobs};
  if (all.projects.empty()) all.projects.push_back(join_path(options.project, "..."));
  return all;
}

/// One evaluation of a checked program. It is made again if its globs saw what the graph makes.
class Evaluation {
 public:
  Evaluation(const Program& program, Sources& sources, Files& files, const LoadOptions& options,
             const Texts& texts)
      : program_(program),
        sources_(sources),
        texts_(texts),
        project_(options.project),
        world_(files, options),
        evaluator_(program, world_, sources, found_),
        lowerer_(evaluator_, builder_) {
    world_.set_settings(program.settings());
    world_.set_projects(program.project_folders());
    evaluator_.set_params(
        [this](const Symbol& symbol, Frame& frame) { return param(symbol, frame); });
    for (const std::unique_ptr<Module>& module : program.modules()) {
      const bool counts = module->kind == ModuleKind::Library ||
                          (module->kind == ModuleKind::Project && module->demanded);
      if (counts) modules_.push_back(module.get());
    }
  }

  void set_outputs(std::set<std::string> paths) { world_.set_outputs(std::move(paths)); }

  /// First pass. Gives the outputs among the sources if a glob has seen one of them.
  std::optional<std::set<std::string>> survey() {
    record_manifests();
    if (program_.root()) lowerer_.workspace_settings(*program_.root());
    for (const Module* module : modules_)
      plant_seeds(*module);
    for (const Module* module : modules_) {
      if (module->kind == ModuleKind::Project) lowerer_.survey(*module);
    }
    std::set<std::string> outputs = lowerer_.in_tree_outputs();
    const std::set<std::string>& globbed = world_.globbed();
    const bool seen = std::any_of(outputs.begin(), outputs.end(), [&](const std::string& path) {
      const auto at = globbed.lower_bound(path);
      return at != globbed.end() && is_within(*at, path);
    });
    if (seen && !world_.is_output(*outputs.begin())) return outputs;
    world_.set_outputs(std::move(outputs));
    return std::nullopt;
  }

  std::optional<Graph> finish(Diagnostics& found) {
    for (const Module* module : modules_)
      lowerer_.lower(*module);
    lowerer_.report_absent();
    if (!world_.pins_fault().empty()) {
      found_.add({.severity = Severity::Error,
                  .code = "E933",
                  .message = fmt::format("{} cannot be used: {}", kPinsName, world_.pins_fault()),
                  .where = std::nullopt,
                  .also = {},
                  .helps = {"`devgraph pin` and `devgraph unpin` write it; without it nothing is "
                            "pinned"}});
    }
    if (!found_.has_errors()) lowerer_.finish();
    const bool failed = found_.has_errors();
    found.take(std::move(found_));
    if (failed) return std::nullopt;
    builder_.set_out_root(world_.settings().out);
    for (const Module* module : modules_) {
      if (module->kind == ModuleKind::Project) builder_.add_project(module->folder);
    }
    for (const auto& [what, digest] : world_.reads()) {
      builder_.add_read({what.first, builder_.str(what.second), digest});
    }
    Graph graph = builder_.finish();
    const std::size_t before = found.error_count();
    check_shape(graph, found);
    if (found.error_count() > before) return std::nullopt;
    return graph;
  }

 private:
  void record_manifests();
  void plant_seeds(const Module& module);
  Value param(const Symbol& symbol, Frame& frame);
  void check_shape(const Graph& graph, Diagnostics& found);
  void report_image_name(const Graph& graph, const ImageNameClash& clash, Diagnostics& found);
  void report_cycle(const Graph& graph, const std::vector<NodeId>& cycle, Diagnostics& found);

  const Program& program_;
  Sources& sources_;
  const Texts& texts_;
  std::string project_;  ///< The current one, of which `-D name=` is.
  Diagnostics found_;
  World world_;
  Evaluator evaluator_;
  GraphBuilder builder_;
  Lowerer lowerer_;
  std::vector<const Module*> modules_;
};

void Evaluation::record_manifests() {
  for (const std::unique_ptr<Module>& module : program_.modules()) {
    if (module->kind == ModuleKind::Std) continue;
    world_.record_manifest(module->path, sources_.text(module->file.source));
  }
  world_.record_std();
  world_.record_projects();
}

/// Seeds come first, so that the rest of the manifest sees the files that they make.
void Evaluation::plant_seeds(const Module& module) {
  Frame& frame = evaluator_.module_frame(module);
  for (const ast::Decl* decl : module.file.decls) {
    const auto* node = std::get_if<ast::Node>(&decl->value);
    if (!node || node->rule.name.text != "seed") continue;
    const Symbol rule = program_.find_rule(module, "seed");
    if (!rule || rule.module->kind != ModuleKind::Std) continue;
    for (Cell& cell : evaluator_.family_of(*decl, frame).cells) {
      const std::vector<OutputDecl>& outputs = evaluator_.outputs_of(cell);
      const Value text = evaluator_.parameter(cell, "text");
      if (outputs.empty()) continue;
      if (text.is(ValueKind::String)) world_.add_seed(outputs[0].path, text.text());
      if (!text.is(ValueKind::File)) continue;
      Result<std::string> content = world_.read_text(text.as<FileObject>().path);
      if (content) world_.add_seed(outputs[0].path, std::move(*content));
    }
  }
}

Value Evaluation::param(const Symbol& symbol, Frame& frame) {
  const auto& param = std::get<ast::Param>(symbol.decl->value);
  const TypeRef type = evaluator_.type_of(*frame.module, *param.type);
  const std::string label = fmt::format("//{}:{}", frame.module->folder, param.name.text);
  const auto given = texts_.find(label);
  world_.record_param(label, given == texts_.end() ? std::nullopt : std::optional(given->second));
  Value value = Value::error();
  if (given != texts_.end()) {
    std::optional<Value> parsed = parse_param(given->second, *type, frame.module->folder);
    if (!parsed) {
      return evaluator_.fault("E410", param.name.range,
                              fmt::format("the parameter `{}` is {}, not `{}`", param.name.text,
                                          show(*type), printable(given->second)),
                              "declared here", "it was given with -D or in a file of parameters");
    }
    value = std::move(*parsed);
  } else if (param.value) {
    value = evaluator_.eval(*param.value, {.frame = &frame}, type.get());
  } else if (type->kind == Kind::Optional) {
    value = Value();
  } else {
    const bool is_near = frame.module->folder == project_;
    return evaluator_.fault(
        "E410", param.name.range, fmt::format("the parameter `{}` has no value", param.name.text),
        "no default",
        fmt::format("write  -D {}=…", is_near ? std::string(param.name.text) : label));
  }
  if (!param.condition || value.is_error()) return value;
  const Binding own{.name = param.name.text, .value = value, .next = nullptr};
  const Value holds = evaluator_.eval(*param.condition, {.frame = &frame, .locals = &own}, nullptr);
  if (holds.is_error() || holds.is_true()) return value;
  return evaluator_.fault(
      "E410", param.condition->range,
      fmt::format("the parameter `{}` must not be {}", param.name.text, show(value)),
      "this does not hold");
}

void Evaluation::report_cycle(const Graph& graph, const std::vector<NodeId>& cycle,
                              Diagnostics& found) {
  const std::vector<Range>& places = lowerer_.places();
  std::string path;
  for (const NodeId id : cycle)
    path += label_of(graph, id) + " -> ";
  path += label_of(graph, cycle[0]);
  Diagnostic& fault = found.error(
      "E601", places[index_of(cycle[0])], fmt::format("these nodes need each other:  {}", path),
      fmt::format("needs {}", label_of(graph, cycle[cycle.size() > 1 ? 1 : 0])));
  constexpr std::size_t kShown = 8;
  for (std::size_t i = 1; i < std::min(cycle.size(), kShown); ++i) {
    fault.also.push_back({places[index_of(cycle[i])],
                          fmt::format("needs {}", label_of(graph, cycle[(i + 1) % cycle.size()]))});
  }
  fault.helps.emplace_back(
      "break it with a separate first pass: a node of its own for the part that needs nothing of "
      "the others");
}

void Evaluation::report_image_name(const Graph& graph, const ImageNameClash& clash,
                                   Diagnostics& found) {
  // Two instances of one rule meet in the rule; what differs is where they are declared.
  const Range first = lowerer_.caller_of(clash.first);
  const Range second = lowerer_.caller_of(clash.second);
  Diagnostic& fault = found.error(
      "E603", second, fmt::format("two images would be named `{}`", printable(clash.name)),
      label_of(graph, clash.second));
  fault.also.push_back({first, label_of(graph, clash.first)});
  fault.helps.emplace_back("which of them has the name would depend on which node ran last");
}

void Evaluation::check_shape(const Graph& graph, Diagnostics& found) {
  const std::optional<std::vector<NodeId>> cycle = find_cycle(graph);
  if (cycle) report_cycle(graph, *cycle, found);
  const std::optional<ImageNameClash> named = find_image_name_clash(graph);
  if (named) report_image_name(graph, *named, found);
  const std::optional<OutputClash> clash = find_output_clash(graph);
  if (!clash) return;
  const std::vector<Range>& places = lowerer_.places();
  const Range& place = places[index_of(clash->second)];
  const std::string second = label_of(graph, clash->second);
  if (clash->first == clash->second) {
    found
        .error("E602", place, fmt::format("two outputs write `{}`", printable(clash->path)), second)
        .helps.emplace_back("give each output a name of its own");
    return;
  }
  std::string message = fmt::format("two nodes write `{}`", printable(clash->path));
  for (const Output& output : graph.outputs(clash->second)) {
    const std::string_view path = graph.str(output.path);
    if (path != clash->path && is_within(path, clash->path)) {
      message =
          fmt::format("`{}` lies within the output `{}`", printable(path), printable(clash->path));
    }
  }
  Diagnostic& fault = found.error("E602", place, message, second);
  fault.also.push_back({places[index_of(clash->first)], label_of(graph, clash->first)});
  fault.helps.emplace_back("give one of them another name, or another `out`");
}

}  // namespace

std::optional<Graph> load(Sources& sources, Files& files, const LoadOptions& options,
                          Diagnostics& found) {
  const Program program = resolve(sources, files, program_options(options), found);
  check(program, sources, true, found, {.files = &files, .workspace = options.workspace});
  if (found.has_errors()) return std::nullopt;

  const Result<Texts> texts = param_texts(files, options);
  if (!texts) {
    Diagnostic fault;
    fault.code = "E410";
    fault.message = texts.error().message;
    found.add(std::move(fault));
    return std::nullopt;
  }
  check_params(program, *texts, found);
  if (found.has_errors()) return std::nullopt;

  Evaluation first(program, sources, files, options, *texts);
  const std::optional<std::set<std::string>> outputs = first.survey();
  if (!outputs) return first.finish(found);

  // A glob has matched a file that a node makes: again, with these files out of the way.
  Evaluation second(program, sources, files, options, *texts);
  second.set_outputs(*outputs);
  second.survey();
  return second.finish(found);
}

}  // namespace devgraph::lang
