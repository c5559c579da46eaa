/// What a node makes, what it is called, and where it lands.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "lang/discover.h"
#include "lang/eval.h"
#include "lang/python_outputs.h"

namespace devgraph::lang {
namespace {

const Type& path_or_paths() {
  static const TypeRef kType = union_of({simple(Kind::Path), map_of(simple(Kind::Path))});
  return *kType;
}

/// The last component of a URL, without query.
std::string base_of_url(const Value& urls) {
  const std::string text =
      urls.is(ValueKind::List) && !urls.items().empty() ? urls.items()[0].text() : std::string();
  return std::string(base_name(text.substr(0, text.find_first_of("?#"))));
}

}  // namespace

std::string base_of(const Value& value) {
  if (value.is(ValueKind::File) || value.is(ValueKind::Tree))
    return std::string(base_name(value.as<FileObject>().path));
  if (value.is(ValueKind::Tool)) return value.text();
  if (!value.is(ValueKind::Output)) return {};
  const OutputObject& output = value.as<OutputObject>();
  return std::string(
      base_name(output.part.empty() ? output.cell->outputs[output.index].declared : output.part));
}

std::string native_output_name(std::string_view rule, std::string_view field, Evaluator& evaluator,
                               Cell& cell) {
  const std::string& name = cell.family->name;
  const auto or_name = [&](const std::string& text) { return text.empty() ? name : text; };
  if (rule == "copy" || rule == "symlink" || rule == "subst" || rule == "write") {
    const Value to = evaluator.parameter(cell, "to");
    if (to.is(ValueKind::Path)) return to.as<PathObject>().text;
    return rule == "write" ? name : or_name(base_of(evaluator.parameter(cell, "file")));
  }
  if (rule == "tar" || rule == "image_archive") return name + ".tar";
  if (rule == "compress") {
    const Value with = evaluator.parameter(cell, "with");
    const bool is_gzip = with.is(ValueKind::String) && with.text() == "gzip";
    return or_name(base_of(evaluator.parameter(cell, "file"))) + (is_gzip ? ".gz" : ".zst");
  }
  if (rule == "merge_json") return name + ".json";
  if (rule == "checksums") return "SHA256SUMS";
  if (rule == "provenance") return name + ".intoto.json";
  if (rule == "image_sbom") return name + ".spdx.json";
  if (rule == "fetch") return or_name(base_of_url(evaluator.parameter(cell, "url")));
  if (rule == "pick") {
    const Value glob = evaluator.parameter(cell, "glob");
    const std::string base =
        glob.is(ValueKind::String) ? std::string(base_name(glob.text())) : std::string();
    return base.empty() || has_wildcard(base) ? name : base;
  }
  if (rule == "env_file") return name + ".env";
  if (rule == "wheel" || rule == "sdist" || rule == "wheel_repack")
    return python_output_name(rule, field, evaluator, cell);
  return field == "out" ? name : fmt::format("{}.{}", name, field);
}

const std::vector<OutputDecl>& Evaluator::outputs_of(Cell& cell) {
  if (cell.outputs_state == Progress::Fresh) {
    cell.outputs_state = Progress::Busy;
    naming_.push_back(&cell);
    find_outputs(cell);
    naming_.pop_back();
    // What it makes is named from values that are not known yet.
    if (!late_needs(*cell.family).waits.empty()) cell.outputs_faulty = true;
    cell.outputs_state = Progress::Done;
  } else if (cell.outputs_state == Progress::Busy) {
    report_cycle(cell);
  }
  return cell.outputs;
}

/// The name of an output may come from an input, so such a ring is met before there is a graph.
void Evaluator::report_cycle(const Cell& cell) {
  const auto begin = std::find(naming_.begin(), naming_.end(), &cell);
  const std::vector<Cell*> ring(begin, naming_.end());
  const auto needs = [&](std::size_t i) {
    return fmt::format("needs {}", label_of(*ring[(i + 1) % ring.size()]));
  };
  std::string path;
  for (const Cell* one : ring)
    path += label_of(*one) + " -> ";
  Diagnostic* said =
      report("E601", cell.family->range,
             fmt::format("these nodes need each other:  {}{}", path, label_of(cell)), needs(0));
  for (std::size_t i = 1; said != nullptr && i < ring.size(); ++i)
    said->also.push_back({ring[i]->family->range, needs(i)});
  for (Cell* one : ring)
    one->outputs_faulty = true;
}

void Evaluator::find_outputs(Cell& cell) {
  Family& family = *cell.family;
  if (family.rule_decl == nullptr || !family.is_native()) return;
  const bool is_run = family.rule_name == "run";
  const bool is_test = family.rule_name == "test";
  Plan& plan = plan_of(cell);
  if (is_run || is_test) {
    PlanField* field = plan.find(is_run ? "out" : "report");
    if (field) run_outputs(cell, *field);
  } else if (family.rule_name == "seed") {
    seed_output(cell);
  } else if (family.signature->result) {
    for (const TypeField& field : family.signature->result->fields) {
      const std::string name = native_output_name(family.rule_name, field.name, *this, cell);
      const bool is_tree = field.type->kind == Kind::Tree;
      add_output(cell, field.name, Value::path(is_tree ? name + "/" : name, false), family.range);
    }
  }
  const bool named = std::any_of(cell.outputs.begin(), cell.outputs.end(),
                                 [](const auto& output) { return output.field == "quarantine"; });
  if (!named && find_universal(cell, "allow_failed").field) {
    add_output(cell, "quarantine", Value::path("quarantine.json", false), family.range);
  }
}

/// The file of the tree that a seed makes; its content belongs to the user.
void Evaluator::seed_output(Cell& cell) {
  const Value into = parameter(cell, "into");
  if (!into.is(ValueKind::Path)) return;
  const PathObject& path = into.as<PathObject>();
  const std::string place =
      path.in_tree ? path.text : join_path(cell.family->frame->project, path.text);
  add_output(cell, "out", Value::path(place, true), cell.family->range);
}

void Evaluator::run_outputs(Cell& cell, PlanField& field) {
  const Value out = field_value(cell, field, &path_or_paths());
  if (out.is(ValueKind::Path)) return add_output(cell, field.name, out, field.range);
  if (!out.is(ValueKind::Map)) return;
  for (const auto& [name, path] : out.fields())
    add_output(cell, name, path, field.range);
}

void Evaluator::add_output(Cell& cell, std::string field, const Value& path, Range at) {
  Family& family = *cell.family;
  const PathObject& named = path.as<PathObject>();
  const std::optional<std::string> clean = relative_name(named.text);
  if (!clean || clean->empty()) {
    cell.outputs_faulty = true;
    fault("E417", at,
          named.text.empty() ? "an output needs a name"
                             : fmt::format("`{}` cannot name an output", printable(named.text)),
          "no name", "an output has a relative name without `..`");
    return;
  }
  constexpr std::size_t kLongest = 255;
  for (const std::string_view part : split(*clean, '/')) {
    if (part.size() <= kLongest) continue;
    fault("E417", at, "an output has a name that no file can have", "too long",
          fmt::format("file names have up to {} bytes; this one has {}", kLongest, part.size()));
    return;
  }
  OutputDecl output;
  output.field = std::move(field);
  output.kind = named.text.ends_with('/') ? OutputKind::Tree : OutputKind::File;
  output.in_tree = named.in_tree;
  const std::string& project = family.frame->project;
  if (named.in_tree) {
    if (!is_within(*clean, project)) {
      cell.outputs_faulty = true;
      fault("E417", at, fmt::format("`{}` lies outside of the project", printable(*clean)),
            fmt::format("the project is //{}", project), "a node writes only into its own project");
      return;
    }
    if (is_kept_place(*clean)) {
      cell.outputs_faulty = true;
      fault("E417", at, fmt::format("`{}` belongs to git or to devgraph itself", printable(*clean)),
            "no place for it", "a node writes elsewhere in its project");
      return;
    }
    output.path = *clean;
    output.declared = std::string(relative_to(*clean, project));
  } else {
    std::string folder = join_path(world_.settings().out, project);
    for (std::string_view part : split(family.label, '/'))
      folder = join_path(folder, path_component(part));
    for (const auto& [axis, value] : coordinates(cell)) {
      std::string text;
      scalar_text(value, text);
      folder = join_path(folder, path_component(text));
    }
    output.path = join_path(folder, *clean);
    output.declared = *clean;
  }
  cell.outputs.push_back(std::move(output));
}

}  // namespace devgraph::lang
