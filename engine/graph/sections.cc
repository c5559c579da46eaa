#include "engine/graph/sections.h"

#include <algorithm>
#include <cstring>

namespace devgraph::graph_format {
namespace {

/// Answers whether ids and spans point at rows of one set of tables.
class Bounds {
 public:
  explicit Bounds(const Tables& tables) : t_(tables) {}

  bool has(StrId id) const { return index_of(id) < t_.strings.size(); }
  bool has(FileId id) const { return index_of(id) < t_.files.size(); }
  bool has(TreeId id) const { return index_of(id) < t_.trees.size(); }
  bool has(InputId id) const { return index_of(id) < t_.inputs.size(); }
  bool has(OutputId id) const { return index_of(id) < t_.outputs.size(); }
  bool has(NodeId id) const { return index_of(id) < t_.nodes.size(); }
  bool has(ValueId id) const { return index_of(id) < t_.values.size(); }
  bool has(ScriptId id) const { return index_of(id) < t_.scripts.size(); }
  bool has(TraitsId id) const { return index_of(id) < t_.traits.size(); }

  template <class... Ids>
  bool all(Ids... ids) const {
    return (has(ids) && ...);
  }
  template <class T>
  static bool within(const Span32& span, std::span<const T> pool) {
    return span.first <= pool.size() && span.count <= pool.size() - span.first;
  }
  template <class T>
  bool every(std::span<const T> ids) const {
    return std::all_of(ids.begin(), ids.end(), [&](T id) { return has(id); });
  }

  bool value(const Value& row) const {
    switch (row.tag) {
      case ValueTag::None:
      case ValueTag::False:
      case ValueTag::True:
      case ValueTag::Int:
      case ValueTag::Out:
        return true;
      case ValueTag::Str:
      case ValueTag::Secret:
        return has(StrId(row.a));
      case ValueTag::Input:
      case ValueTag::Text:
        return has(InputId(row.a));
      case ValueTag::List:
      case ValueTag::Join:
      case ValueTag::Rsp:
        return within({row.a, row.b}, t_.value_ids);
      case ValueTag::Map:
        return within({row.a, row.b}, t_.fields);
    }
    return false;
  }

  bool input(const Input& row) const {
    if (!all(row.name, row.part, row.normalize)) return false;
    switch (row.kind) {
      case InputKind::Source:
      case InputKind::Tool:
        return has(FileId(row.ref));
      case InputKind::SourceTree:
        return has(TreeId(row.ref));
      case InputKind::Output:
      case InputKind::OutputPart:
        return has(OutputId(row.ref));
    }
    return false;
  }

  bool node(const Node& row) const {
    return all(row.project, row.name, row.rule, row.action, row.manifest, row.doc, row.refused,
               row.late) &&
           all(row.args, row.env, row.stdin_text, row.secrets, row.within, row.asks) &&
           has(row.script) && has(row.traits) && has(row.counts_with) &&
           within(row.axes, t_.axis_values) && within(row.inputs, t_.input_ids) &&
           within(row.listed, t_.input_ids) && within(row.outputs, t_.outputs) &&
           within(row.after, t_.node_ids) && row.kind <= ActionKind::Group;
  }

  bool traits(const Traits& row) const {
    return all(row.retry_on, row.pool, row.mutex) && within(row.ok, t_.numbers) &&
           within(row.hints, t_.hints) && row.cwd <= Cwd::Project;
  }

  bool target(const Target& row) const {
    return all(row.project, row.name, row.rule, row.doc, row.manifest) &&
           within(row.axis_names, t_.str_ids) && within(row.nodes, t_.node_ids) &&
           row.kind <= TargetKind::Let;
  }

 private:
  const Tables& t_;
};

bool strings_hold(const Tables& tables) {
  std::uint32_t last = 0;
  for (const StringEnd& row : tables.strings) {
    if (row.end < last || row.end > tables.bytes.size()) return false;
    last = row.end;
  }
  return !tables.strings.empty() && tables.strings[0].end == 0;
}

template <class T, class Holds>
bool rows_hold(std::span<const T> rows, Holds holds) {
  return std::all_of(rows.begin(), rows.end(), holds);
}

}  // namespace

Digest checksum_of(Header header, std::string_view block) {
  header.checksum = {};
  Hasher hasher;
  hasher.bytes({reinterpret_cast<const char*>(&header), sizeof(header)});
  hasher.bytes(block.substr(sizeof(header)));
  return hasher.finish();
}

std::string encode_block(const Tables& tables) {
  Header header;
  std::uint64_t end = sizeof(header);
  std::size_t index = 0;
  for_each_section(tables, [&](const auto& table) {
    header.sections.at(index++) = {end, table.size()};
    end += (table.size_bytes() + 7) / 8 * 8;
  });
  header.size = end;
  std::string block(end, '\0');
  index = 0;
  for_each_section(tables, [&](const auto& table) {
    const std::uint64_t offset = header.sections.at(index++).offset;
    if (!table.empty()) std::memcpy(block.data() + offset, table.data(), table.size_bytes());
  });
  header.checksum = checksum_of(header, block);
  std::memcpy(block.data(), &header, sizeof(header));
  return block;
}

const char* find_dangling(const Tables& tables) {
  const Bounds bounds(tables);
  if (!strings_hold(tables)) return "string";
  if (!bounds.every(tables.value_ids) || !bounds.every(tables.file_ids) ||
      !bounds.every(tables.input_ids) || !bounds.every(tables.node_ids) ||
      !bounds.every(tables.str_ids) || !bounds.every(tables.projects)) {
    return "id";
  }
  if (tables.settings.size() != 1 || !bounds.every(tables.settings)) return "setting";
  if (!tables.identities.empty() && tables.identities.size() != tables.nodes.size())
    return "identity";
  if (!rows_hold(tables.values, [&](const Value& row) { return bounds.value(row); }))
    return "value";
  if (!rows_hold(tables.fields,
                 [&](const Field& row) { return bounds.has(row.name) && bounds.has(row.value); })) {
    return "field";
  }
  if (!rows_hold(tables.files, [&](const File& row) { return bounds.has(row.path); }))
    return "file";
  if (!rows_hold(tables.trees, [&](const Tree& row) {
        return bounds.has(row.path) && Bounds::within(row.files, tables.file_ids);
      })) {
    return "tree";
  }
  if (!rows_hold(tables.inputs, [&](const Input& row) { return bounds.input(row); }))
    return "input";
  if (!rows_hold(tables.outputs, [&](const Output& row) {
        return bounds.has(row.node) && bounds.all(row.field, row.declared, row.path) &&
               row.kind <= OutputKind::Tree;
      })) {
    return "output";
  }
  if (!rows_hold(tables.nodes, [&](const Node& row) { return bounds.node(row); })) return "node";
  if (!rows_hold(tables.axis_values,
                 [&](const AxisValue& row) { return bounds.all(row.axis, row.value); })) {
    return "axis";
  }
  if (!rows_hold(tables.scripts, [&](const Script& row) {
        return bounds.all(row.body, row.file) && Bounds::within(row.lines, tables.lines);
      })) {
    return "script";
  }
  if (!rows_hold(tables.lines, [&](const ScriptLine& row) { return bounds.has(row.shown); }))
    return "line";
  if (!rows_hold(tables.traits, [&](const Traits& row) { return bounds.traits(row); }))
    return "trait";
  if (!rows_hold(tables.hints,
                 [&](const Hint& row) { return bounds.all(row.pattern, row.advice); }))
    return "hint";
  if (!rows_hold(tables.targets, [&](const Target& row) { return bounds.target(row); }))
    return "target";
  if (!rows_hold(tables.pools, [&](const Pool& row) { return bounds.has(row.name); }))
    return "pool";
  if (!rows_hold(tables.reads,
                 [&](const Read& row) { return bounds.has(row.arg) && row.op <= ReadOp::Late; })) {
    return "read";
  }
  return nullptr;
}

}  // namespace devgraph::graph_format
