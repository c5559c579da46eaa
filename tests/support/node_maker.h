#pragma once
/// Makes graphs of a few nodes for tests of how nodes are run.

#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/builder.h"

namespace devgraph {

/// One node under construction. Fill the public fields, then `add`.
struct NodeMaker {
  explicit NodeMaker(GraphBuilder& graph) : builder(graph), id(graph.add_node()) {
    node.counts_with = id;
    node.name = graph.str("node");
    node.rule = graph.str("run");
    node.manifest = graph.str("build.devgraph");
    node.line = 1;
    node.env = node.secrets = graph.map({});
    node.stdin_text = graph.none();
    node.within = graph.none();
    node.asks = graph.none();
  }

  InputId source(std::string_view path, std::string_view name = {}) {
    const FileId file = builder.file(path);
    return use(builder.add_input({.kind = InputKind::Source,
                                  .ref = index_of(file),
                                  .name = builder.str(name.empty() ? path : name)}));
  }
  InputId tool(std::string_view name, std::string_view path) {
    const FileId file = builder.file(path);
    return use(builder.add_input(
        {.kind = InputKind::Tool, .ref = index_of(file), .name = builder.str(name)}));
  }
  InputId tree(std::string_view path, const std::vector<std::string>& members) {
    std::vector<FileId> files;
    for (const std::string& member : members)
      files.push_back(builder.file(member));
    const TreeId id_of_tree = builder.tree(path, files);
    return use(builder.add_input(
        {.kind = InputKind::SourceTree, .ref = index_of(id_of_tree), .name = builder.str(path)}));
  }
  InputId use(InputId input) {
    inputs.push_back(input);
    return input;
  }
  ValueId output(std::string_view declared, OutputKind kind = OutputKind::File) {
    outputs.push_back({.kind = kind,
                       .field = builder.str("out"),
                       .declared = builder.str(declared),
                       .path = builder.str("out/node/" + std::string(declared))});
    return builder.out(static_cast<std::uint32_t>(outputs.size() - 1));
  }
  ValueId strings(const std::vector<std::string>& texts) {
    std::vector<ValueId> items;
    for (const std::string& text : texts)
      items.push_back(builder.string(text));
    return builder.list(ValueTag::List, items);
  }

  /// A script of `lines` with its holes compiled already: dg1, dg2, … are `values`.
  NodeId script(const std::vector<std::string>& lines, const std::vector<ValueId>& values = {}) {
    std::string body;
    std::vector<ScriptLine> shown;
    for (const std::string& line : lines) {
      body += "dg_at " + std::to_string(shown.size()) + "\n" + line + "\n";
      shown.push_back({.shown = builder.str(line),
                       .manifest_line = static_cast<std::uint32_t>(shown.size() + 2)});
    }
    node.kind = ActionKind::Script;
    node.script = builder.script(body, "build.devgraph", shown);
    std::vector<Field> fields;
    for (const ValueId value : values) {
      fields.push_back({builder.str("dg" + std::to_string(fields.size() + 1)), value});
    }
    node.args = builder.map(fields);
    return add();
  }
  /// `fields` beside argv: stdin, stdout, stderr, append.
  NodeId exec(ValueId argv, const std::vector<std::pair<std::string, ValueId>>& others = {}) {
    node.kind = ActionKind::Exec;
    std::vector<Field> fields{{builder.str("argv"), argv}};
    for (const auto& [name, value] : others)
      fields.push_back({builder.str(name), value});
    node.args = builder.map(fields);
    return add();
  }
  void env(const std::vector<std::pair<std::string, ValueId>>& variables) {
    std::vector<Field> fields;
    for (const auto& [name, value] : variables)
      fields.push_back({builder.str(name), value});
    node.env = builder.map(fields);
  }

  NodeId add() {
    node.inputs = builder.inputs(inputs);
    node.outputs = builder.add_outputs(id, outputs);
    node.traits = builder.traits(traits);
    builder.set_node(id, node);
    return id;
  }

  GraphBuilder& builder;  // Outlives the maker: a local of the test.
  NodeId id;
  Node node;
  Traits traits;
  std::vector<InputId> inputs;
  std::vector<Output> outputs;
};

}  // namespace devgraph
