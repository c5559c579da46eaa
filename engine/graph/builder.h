#pragma once
/// Makes a Graph: add rows, then `finish`. Equal strings, values, inputs, traits and spans are
/// stored once. Not for use from several threads.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace devgraph {

class GraphBuilder {
 public:
  GraphBuilder();
  ~GraphBuilder();
  GraphBuilder(GraphBuilder&&) noexcept;
  GraphBuilder& operator=(GraphBuilder&&) noexcept;

  StrId str(std::string_view text);
  std::string_view text(StrId id) const;

  ValueId none();
  ValueId boolean(bool value);
  ValueId integer(std::int64_t value);
  ValueId string(std::string_view value);
  ValueId input(InputId id);
  ValueId out(std::uint32_t index);
  ValueId list(ValueTag tag, const std::vector<ValueId>& items);  ///< List, Join or Rsp.
  ValueId map(const std::vector<Field>& fields);
  ValueId text_of(InputId id);
  ValueId secret(std::string_view name, std::uint32_t epoch);
  const Value& value(ValueId id) const;
  std::vector<ValueId> items(ValueId list) const;
  std::vector<Field> fields(ValueId map) const;

  FileId file(std::string_view path);
  TreeId tree(std::string_view path, const std::vector<FileId>& files);
  InputId add_input(const Input& input);
  const Input& input_row(InputId id) const;

  Span32 inputs(const std::vector<InputId>& ids);
  std::vector<InputId> inputs(Span32 ids) const;  ///< What such a call was given.
  Span32 node_ids(const std::vector<NodeId>& ids);
  Span32 axis_values(const std::vector<AxisValue>& values);
  Span32 str_ids(const std::vector<StrId>& ids);
  Span32 numbers(const std::vector<std::uint32_t>& values);
  Span32 hints(const std::vector<Hint>& hints);
  ScriptId script(std::string_view body, std::string_view file,
                  const std::vector<ScriptLine>& lines);
  TraitsId traits(const Traits& row);

  /// Reserves the id of a node, so that others can refer to it and its outputs before it is set.
  NodeId add_node();
  /// Appends the outputs of one node (their `node` is set here); ids are consecutive.
  Span32 add_outputs(NodeId node, std::vector<Output> outputs);
  void set_node(NodeId id, const Node& row);
  const Node& node(NodeId id) const;
  const Output& output(OutputId id) const;
  std::size_t node_count() const;

  void add_target(const Target& target);
  void add_pool(const Pool& pool);
  void add_read(const Read& read);
  void add_project(std::string_view folder);
  void set_out_root(std::string_view path);

  /// The finished graph. The builder is empty afterwards.
  Graph finish();

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace devgraph
