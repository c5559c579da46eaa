#include "tests/support/graph_maker.h"

#include <stdexcept>

#include "engine/base/path.h"

namespace devgraph {
namespace {

struct Making {
  GraphBuilder b;
  std::map<std::string, NodeId> nodes;
  std::map<std::string, Span32> outputs;
};

void add_outputs(Making& making, const NodeSpec& spec) {
  GraphBuilder& b = making.b;
  std::vector<Output> rows;
  std::vector<std::string> names = spec.outputs;
  if (!spec.quarantine.empty()) names.push_back(spec.quarantine);
  for (std::string name : names) {
    Output row;
    if (name.ends_with('/')) {
      row.kind = OutputKind::Tree;
      name.pop_back();
    }
    row.in_tree = name.starts_with("./") ? 1 : 0;
    if (row.in_tree != 0) name = name.substr(2);
    const bool is_quarantine = name == spec.quarantine;
    row.field = b.str(is_quarantine ? "quarantine" : rows.empty() ? "out" : name);
    row.declared = b.str(name);
    row.path = b.str(row.in_tree != 0 ? name : "out/" + spec.name + "/" + name);
    rows.push_back(row);
  }
  making.outputs[spec.name] = b.add_outputs(making.nodes.at(spec.name), rows);
}

InputId input_of(Making& making, const GraphMaker& maker, const NodeSpec& spec,
                 const std::string& text) {
  GraphBuilder& b = making.b;
  if (text.starts_with("./") && text.ends_with('/')) {
    const std::string path = text.substr(2, text.size() - 3);
    std::vector<FileId> files;
    for (const std::string& name : maker.trees.at(path))
      files.push_back(b.file(path + "/" + name));
    return b.add_input(
        {.kind = InputKind::SourceTree, .ref = index_of(b.tree(path, files)), .name = b.str(path)});
  }
  if (text.starts_with("./")) {
    const std::string path = text.substr(2);
    return b.add_input({.kind = InputKind::Source,
                        .ref = index_of(b.file(path)),
                        .name = b.str(path),
                        .normalize = b.str(spec.normalize)});
  }
  const std::size_t end = text.find_first_of(":/");
  const std::string node = text.substr(0, end);
  const bool part = end != text.npos && text[end] == '/';
  const std::uint32_t index =
      end == text.npos || part ? 0 : static_cast<std::uint32_t>(std::stoul(text.substr(end + 1)));
  const std::uint32_t output = making.outputs.at(node).first + index;
  return b.add_input({.kind = part ? InputKind::OutputPart : InputKind::Output,
                      .ref = output,
                      .name = b.output(OutputId{output}).declared,
                      .part = part ? b.str(text.substr(end + 1)) : StrId{}});
}

Traits traits_of(GraphBuilder& b, const NodeSpec& spec) {
  Traits traits = spec.traits;
  std::vector<Hint> hints;
  for (const auto& [pattern, advice] : spec.hints)
    hints.push_back({b.str(pattern), b.str(advice)});
  if (!hints.empty()) traits.hints = b.hints(hints);
  if (!spec.ok.empty()) traits.ok = b.numbers(spec.ok);
  traits.pool = b.str(spec.pool);
  traits.mutex = b.str(spec.mutex);
  traits.retry_on = b.str(spec.retry_on);
  return traits;
}

}  // namespace

Graph GraphMaker::make() const {
  Making making;
  GraphBuilder& b = making.b;
  for (const NodeSpec& spec : specs_)
    making.nodes[spec.name] = b.add_node();
  for (const NodeSpec& spec : specs_)
    add_outputs(making, spec);
  for (const NodeSpec& spec : specs_) {
    const NodeId id = making.nodes.at(spec.name);
    Node row;
    row.project = b.str(project);
    row.name = b.str(spec.name);
    row.rule = b.str("run");
    row.kind = spec.kind;
    if (spec.kind == ActionKind::Script) {
      const std::string text = spec.script.empty() ? "make " + spec.name : spec.script;
      row.script = b.script(": dg_at 0\n" + text, "build.devgraph", {{b.str(text), 7}});
    }
    std::vector<InputId> inputs;
    std::vector<ValueId> words;
    for (const std::string& text : spec.inputs) {
      inputs.push_back(input_of(making, *this, spec, text));
      words.push_back(b.input(inputs.back()));
    }
    row.args = b.map({{b.str("dg1"), b.list(ValueTag::List, words)}});
    row.env = b.map({});
    row.stdin_text = b.none();
    row.within = b.none();
    row.asks = b.none();
    row.secrets = b.map({});
    row.inputs = b.inputs(inputs);
    if (spec.allow_failed) row.listed = row.inputs;
    row.outputs = making.outputs.at(spec.name);
    std::vector<NodeId> after;
    for (const std::string& name : spec.after)
      after.push_back(making.nodes.at(name));
    row.after = b.node_ids(after);
    row.traits = b.traits(traits_of(b, spec));
    row.counts_with = spec.counts_with.empty() ? id : making.nodes.at(spec.counts_with);
    row.flags = spec.flags;
    row.manifest = b.str("build.devgraph");
    row.line = 3;
    row.depfile = b.str(spec.depfile);
    b.set_node(id, row);
  }
  for (const auto& [name, capacity] : pools)
    b.add_pool({b.str(name), capacity});
  b.add_project(project);
  b.set_out_root("out");
  return b.finish();
}

NodeId node_named(const Graph& graph, const std::string& label) {
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    if (label_of(graph, NodeId{i}) == label) return NodeId{i};
  }
  throw std::runtime_error("no node " + label);
}

}  // namespace devgraph
