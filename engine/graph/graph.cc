#include "engine/graph/graph.h"

#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/graph/sections.h"

namespace devgraph {

using graph_format::Header;
using graph_format::kSectionCount;
using graph_format::SectionHeader;
using graph_format::Tables;

/// The spans, and what keeps their memory alive.
struct Graph::Sections {
  Tables tables;
  std::string_view block;
  std::shared_ptr<const void> owner;
};

namespace {

template <class T>
std::span<const T> part(std::span<const T> pool, const Span32& span) {
  return pool.subspan(span.first, span.count);
}

/// Points one table at its rows; false if they do not lie within the block.
template <class T>
bool place(std::string_view block, const SectionHeader& section, std::span<const T>& table) {
  if (section.offset > block.size() || section.offset % 8 != 0) return false;
  if (section.count > (block.size() - section.offset) / sizeof(T)) return false;
  const char* const begin = block.data() + section.offset;
  table = std::span(reinterpret_cast<const T*>(begin), section.count);
  return true;
}

Status open_block(std::string_view block, Tables& tables) {
  Header header;
  if (block.size() < sizeof(Header)) return fail("graph block is cut short");
  if (reinterpret_cast<std::uintptr_t>(block.data()) % 8 != 0)
    return fail("graph block is not aligned");
  std::memcpy(&header, block.data(), sizeof(Header));
  if (header.magic != graph_format::kMagic) return fail("not a graph block");
  if (header.version != graph_format::kVersion || header.section_count != kSectionCount) {
    return fail(fmt::format("graph block has format {}, this program reads format {}",
                            header.version, graph_format::kVersion));
  }
  if (header.size != block.size()) return fail("graph block is cut short");
  if (graph_format::checksum_of(header, block) != header.checksum)
    return fail("graph block is damaged");
  std::size_t index = 0;
  bool fits = true;
  graph_format::for_each_section(tables, [&](auto& table) {
    fits = fits && place(block, header.sections.at(index), table);
    ++index;
  });
  if (!fits) return fail("graph block is damaged: a section lies outside");
  if (const char* what = graph_format::find_dangling(tables)) {
    return fail(fmt::format("graph block is damaged: a dangling {}", what));
  }
  return {};
}

}  // namespace

Graph::Graph() : sections_(new Sections) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

Result<Graph> Graph::from_bytes(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view block = *owner;
  return from_memory(block, std::move(owner));
}

Result<Graph> Graph::from_memory(std::string_view bytes, std::shared_ptr<const void> owner) {
  Graph graph;
  if (Status opened = open_block(bytes, graph.sections_->tables); !opened) {
    return std::unexpected(opened.error());
  }
  graph.sections_->block = bytes;
  graph.sections_->owner = std::move(owner);
  return graph;
}

Graph Graph::with_identities(std::span<const Identity> rows) const {
  assert(rows.size() == node_count());
  Tables tables = sections_->tables;
  tables.identities = rows;
  Result<Graph> graph = from_bytes(graph_format::encode_block(tables));
  assert(graph && "the rows were checked when this graph was opened");
  return *std::move(graph);
}

std::string_view Graph::bytes() const {
  return sections_->block;
}

std::string_view Graph::str(StrId id) const {
  const Tables& tables = sections_->tables;
  const std::uint32_t index = index_of(id);
  const std::uint32_t begin = index == 0 ? 0 : tables.strings[index - 1].end;
  return {tables.bytes.data() + begin, tables.strings[index].end - begin};
}

std::size_t Graph::node_count() const {
  return sections_->tables.nodes.size();
}
std::size_t Graph::file_count() const {
  return sections_->tables.files.size();
}
std::size_t Graph::output_count() const {
  return sections_->tables.outputs.size();
}
std::size_t Graph::input_count() const {
  return sections_->tables.inputs.size();
}
std::size_t Graph::tree_count() const {
  return sections_->tables.trees.size();
}
std::size_t Graph::value_count() const {
  return sections_->tables.values.size();
}

const Node& Graph::node(NodeId id) const {
  return sections_->tables.nodes[index_of(id)];
}
const File& Graph::file(FileId id) const {
  return sections_->tables.files[index_of(id)];
}
const Tree& Graph::tree(TreeId id) const {
  return sections_->tables.trees[index_of(id)];
}
const Input& Graph::input(InputId id) const {
  return sections_->tables.inputs[index_of(id)];
}
const Output& Graph::output(OutputId id) const {
  return sections_->tables.outputs[index_of(id)];
}
const Value& Graph::value(ValueId id) const {
  return sections_->tables.values[index_of(id)];
}
const Script& Graph::script(ScriptId id) const {
  return sections_->tables.scripts[index_of(id)];
}
const Traits& Graph::traits(TraitsId id) const {
  return sections_->tables.traits[index_of(id)];
}

std::span<const InputId> Graph::inputs(NodeId id) const {
  return part(sections_->tables.input_ids, node(id).inputs);
}
std::span<const InputId> Graph::listed(NodeId id) const {
  return part(sections_->tables.input_ids, node(id).listed);
}
std::span<const Output> Graph::outputs(NodeId id) const {
  return part(sections_->tables.outputs, node(id).outputs);
}
OutputId Graph::output_id(NodeId node_id, std::size_t index) const {
  assert(index < node(node_id).outputs.count);
  return OutputId(node(node_id).outputs.first + static_cast<std::uint32_t>(index));
}
std::span<const NodeId> Graph::after(NodeId id) const {
  return part(sections_->tables.node_ids, node(id).after);
}
std::span<const AxisValue> Graph::axes(NodeId id) const {
  return part(sections_->tables.axis_values, node(id).axes);
}
std::span<const FileId> Graph::tree_files(TreeId id) const {
  return part(sections_->tables.file_ids, tree(id).files);
}
std::span<const ValueId> Graph::items(const Value& list) const {
  assert(list.tag == ValueTag::List || list.tag == ValueTag::Join || list.tag == ValueTag::Rsp);
  return part(sections_->tables.value_ids, {list.a, list.b});
}
std::span<const Field> Graph::fields(const Value& map) const {
  assert(map.tag == ValueTag::Map);
  return part(sections_->tables.fields, {map.a, map.b});
}
std::span<const ScriptLine> Graph::lines(const Script& script) const {
  return part(sections_->tables.lines, script.lines);
}
std::span<const std::uint32_t> Graph::ok_codes(const Traits& traits) const {
  return part(sections_->tables.numbers, traits.ok);
}
std::span<const Hint> Graph::hints(const Traits& traits) const {
  return part(sections_->tables.hints, traits.hints);
}
std::span<const Target> Graph::targets() const {
  return sections_->tables.targets;
}
std::span<const NodeId> Graph::nodes(const Target& target) const {
  return part(sections_->tables.node_ids, target.nodes);
}
std::span<const StrId> Graph::axis_names(const Target& target) const {
  return part(sections_->tables.str_ids, target.axis_names);
}
std::span<const Pool> Graph::pools() const {
  return sections_->tables.pools;
}
std::span<const Read> Graph::reads() const {
  return sections_->tables.reads;
}
std::string_view Graph::out_root() const {
  return str(sections_->tables.settings[0]);
}
std::span<const StrId> Graph::projects() const {
  return sections_->tables.projects;
}

std::span<const Identity> Graph::identities() const {
  return sections_->tables.identities;
}

std::optional<NodeId> Graph::producer(InputId id) const {
  const Input& row = input(id);
  const bool is_output = row.kind == InputKind::Output || row.kind == InputKind::OutputPart;
  if (!is_output) return std::nullopt;
  return output(OutputId(row.ref)).node;
}

std::string label_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::string label("//");
  label.append(graph.str(node.project)).append(":").append(graph.str(node.name));
  char separator = '@';
  for (const AxisValue& axis : graph.axes(id)) {
    label += separator;
    label.append(graph.str(axis.axis)).append("=");
    label.append(escape_label_value(graph.str(axis.value)));
    separator = ',';
  }
  return label;
}

std::string label_of(const Graph& graph, const Target& target) {
  return fmt::format("//{}:{}", graph.str(target.project), graph.str(target.name));
}

std::optional<ValueId> find_field(const Graph& graph, ValueId map, std::string_view name) {
  const Value& value = graph.value(map);
  if (value.tag != ValueTag::Map) return std::nullopt;
  for (const Field& field : graph.fields(value)) {
    if (graph.str(field.name) == name) return field.value;
  }
  return std::nullopt;
}

}  // namespace devgraph
