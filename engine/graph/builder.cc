#include "engine/graph/builder.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include <xxhash.h>

#include "engine/graph/sections.h"

namespace devgraph {
namespace {

using graph_format::StringEnd;

/// An open-addressing set of row numbers. Who asks compares the rows; the table knows only hashes.
class HashTable {
 public:
  /// The number found by `same(number)` among those added with `hash`; else adds `fresh`, returns
  /// it.
  template <class Same>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t fresh, Same same) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].number != kEmpty) {
      if (slots_[at].hash == hash && same(slots_[at].number)) return slots_[at].number;
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = {hash, fresh};
    ++used_;
    return fresh;
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t number = kEmpty;
  };

  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(slots_.size() * 2, 64));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number == kEmpty) continue;
      std::size_t at = slot.hash & (slots_.size() - 1);
      while (slots_[at].number != kEmpty)
        at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// Rows stored once each.
template <class T>
class RowSet {
  static_assert(std::has_unique_object_representations_v<T>, "rows are compared as bytes");

 public:
  std::uint32_t add(const T& row) {
    const auto fresh = static_cast<std::uint32_t>(rows.size());
    const std::uint32_t number = table_.find_or_add(
        XXH3_64bits(&row, sizeof(T)), fresh,
        [&](std::uint32_t n) { return std::memcmp(&rows[n], &row, sizeof(T)) == 0; });
    if (number == fresh) rows.push_back(row);
    return number;
  }
  std::vector<T> rows;

 private:
  HashTable table_;
};

/// Runs of rows stored once each, one behind the other.
template <class T>
class RunSet {
  static_assert(std::has_unique_object_representations_v<T>, "rows are compared as bytes");

 public:
  Span32 add(std::span<const T> run) {
    if (run.empty()) return {};
    const auto fresh = static_cast<std::uint32_t>(runs_.size());
    const std::uint32_t number =
        table_.find_or_add(XXH3_64bits(run.data(), run.size_bytes()), fresh, [&](std::uint32_t n) {
          return runs_[n].count == run.size() &&
                 std::memcmp(&rows[runs_[n].first], run.data(), run.size_bytes()) == 0;
        });
    if (number == fresh) {
      runs_.push_back(
          {static_cast<std::uint32_t>(rows.size()), static_cast<std::uint32_t>(run.size())});
      rows.insert(rows.end(), run.begin(), run.end());
    }
    return runs_[number];
  }
  std::vector<T> rows;

 private:
  std::vector<Span32> runs_;
  HashTable table_;
};

}  // namespace

struct GraphBuilder::Tables {
  std::vector<char> bytes;
  std::vector<StringEnd> strings;
  HashTable string_table;
  RowSet<Value> values;
  RunSet<ValueId> value_ids;
  RunSet<Field> fields;
  RowSet<File> files;
  RunSet<FileId> file_ids;
  RowSet<Tree> trees;
  RowSet<Input> inputs;
  RunSet<InputId> input_ids;
  std::vector<Output> outputs;
  std::vector<Node> nodes;
  RunSet<NodeId> node_ids;
  RunSet<AxisValue> axis_values;
  RunSet<StrId> str_ids;
  RowSet<Script> scripts;
  RunSet<ScriptLine> lines;
  RowSet<Traits> traits;
  RunSet<std::uint32_t> numbers;
  RunSet<Hint> hints;
  std::vector<Target> targets;
  std::vector<Pool> pools;
  std::vector<Read> reads;
  std::vector<StrId> projects;
  StrId out_root{};

  std::string_view text(std::uint32_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : strings[index - 1].end;
    return {bytes.data() + begin, strings[index].end - begin};
  }
};

GraphBuilder::GraphBuilder() : tables_(new Tables) {
  // Row 0 of these is what a Node has when nothing is said.
  str("");
  none();
  script("", "", {});
  traits({});
}
GraphBuilder::~GraphBuilder() = default;
GraphBuilder::GraphBuilder(GraphBuilder&&) noexcept = default;
GraphBuilder& GraphBuilder::operator=(GraphBuilder&&) noexcept = default;

StrId GraphBuilder::str(std::string_view text) {
  Tables& t = *tables_;
  const auto fresh = static_cast<std::uint32_t>(t.strings.size());
  const std::uint32_t number =
      t.string_table.find_or_add(XXH3_64bits(text.data(), text.size()), fresh,
                                 [&](std::uint32_t n) { return t.text(n) == text; });
  if (number == fresh) {
    t.bytes.insert(t.bytes.end(), text.begin(), text.end());
    t.strings.push_back({static_cast<std::uint32_t>(t.bytes.size())});
  }
  return StrId(number);
}

std::string_view GraphBuilder::text(StrId id) const {
  return tables_->text(index_of(id));
}

ValueId GraphBuilder::none() {
  return ValueId(tables_->values.add({}));
}
ValueId GraphBuilder::boolean(bool value) {
  return ValueId(tables_->values.add({value ? ValueTag::True : ValueTag::False, 0, 0}));
}
ValueId GraphBuilder::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return ValueId(tables_->values.add(
      {ValueTag::Int, static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)}));
}
ValueId GraphBuilder::string(std::string_view value) {
  return ValueId(tables_->values.add({ValueTag::Str, index_of(str(value)), 0}));
}
ValueId GraphBuilder::input(InputId id) {
  return ValueId(tables_->values.add({ValueTag::Input, index_of(id), 0}));
}
ValueId GraphBuilder::out(std::uint32_t index) {
  return ValueId(tables_->values.add({ValueTag::Out, index, 0}));
}
ValueId GraphBuilder::list(ValueTag tag, const std::vector<ValueId>& items) {
  assert(tag == ValueTag::List || tag == ValueTag::Join || tag == ValueTag::Rsp);
  const Span32 run = tables_->value_ids.add(items);
  return ValueId(tables_->values.add({tag, run.first, run.count}));
}
ValueId GraphBuilder::map(const std::vector<Field>& fields) {
  const Span32 run = tables_->fields.add(fields);
  return ValueId(tables_->values.add({ValueTag::Map, run.first, run.count}));
}
ValueId GraphBuilder::text_of(InputId id) {
  return ValueId(tables_->values.add({ValueTag::Text, index_of(id), 0}));
}
ValueId GraphBuilder::secret(std::string_view name, std::uint32_t epoch) {
  return ValueId(tables_->values.add({ValueTag::Secret, index_of(str(name)), epoch}));
}
const Value& GraphBuilder::value(ValueId id) const {
  return tables_->values.rows[index_of(id)];
}

std::vector<ValueId> GraphBuilder::items(ValueId list) const {
  const Value& row = value(list);
  const auto begin = tables_->value_ids.rows.begin() + row.a;
  return {begin, begin + row.b};
}
std::vector<Field> GraphBuilder::fields(ValueId map) const {
  const Value& row = value(map);
  const auto begin = tables_->fields.rows.begin() + row.a;
  return {begin, begin + row.b};
}

FileId GraphBuilder::file(std::string_view path) {
  return FileId(tables_->files.add({str(path)}));
}
TreeId GraphBuilder::tree(std::string_view path, const std::vector<FileId>& files) {
  return TreeId(tables_->trees.add({str(path), tables_->file_ids.add(files)}));
}
InputId GraphBuilder::add_input(const Input& input) {
  return InputId(tables_->inputs.add(input));
}
const Input& GraphBuilder::input_row(InputId id) const {
  return tables_->inputs.rows[index_of(id)];
}

Span32 GraphBuilder::inputs(const std::vector<InputId>& ids) {
  return tables_->input_ids.add(ids);
}
std::vector<InputId> GraphBuilder::inputs(Span32 ids) const {
  const auto begin = tables_->input_ids.rows.begin() + ids.first;
  return {begin, begin + ids.count};
}
Span32 GraphBuilder::node_ids(const std::vector<NodeId>& ids) {
  return tables_->node_ids.add(ids);
}
Span32 GraphBuilder::axis_values(const std::vector<AxisValue>& values) {
  return tables_->axis_values.add(values);
}
Span32 GraphBuilder::str_ids(const std::vector<StrId>& ids) {
  return tables_->str_ids.add(ids);
}
Span32 GraphBuilder::numbers(const std::vector<std::uint32_t>& values) {
  return tables_->numbers.add(values);
}
Span32 GraphBuilder::hints(const std::vector<Hint>& hints) {
  return tables_->hints.add(hints);
}

ScriptId GraphBuilder::script(std::string_view body, std::string_view file,
                              const std::vector<ScriptLine>& lines) {
  return ScriptId(tables_->scripts.add({str(body), str(file), tables_->lines.add(lines)}));
}
TraitsId GraphBuilder::traits(const Traits& row) {
  return TraitsId(tables_->traits.add(row));
}

NodeId GraphBuilder::add_node() {
  const NodeId id{static_cast<std::uint32_t>(tables_->nodes.size())};
  tables_->nodes.emplace_back().counts_with = id;
  return id;
}

Span32 GraphBuilder::add_outputs(NodeId node, std::vector<Output> outputs) {
  const Span32 span{static_cast<std::uint32_t>(tables_->outputs.size()),
                    static_cast<std::uint32_t>(outputs.size())};
  for (Output& output : outputs) {
    output.node = node;
    tables_->outputs.push_back(output);
  }
  return span;
}

void GraphBuilder::set_node(NodeId id, const Node& row) {
  tables_->nodes[index_of(id)] = row;
}
const Node& GraphBuilder::node(NodeId id) const {
  return tables_->nodes[index_of(id)];
}
const Output& GraphBuilder::output(OutputId id) const {
  return tables_->outputs[index_of(id)];
}
std::size_t GraphBuilder::node_count() const {
  return tables_->nodes.size();
}

void GraphBuilder::add_target(const Target& target) {
  tables_->targets.push_back(target);
}
void GraphBuilder::add_pool(const Pool& pool) {
  tables_->pools.push_back(pool);
}
void GraphBuilder::add_read(const Read& read) {
  tables_->reads.push_back(read);
}
void GraphBuilder::add_project(std::string_view folder) {
  tables_->projects.push_back(str(folder));
}
void GraphBuilder::set_out_root(std::string_view path) {
  tables_->out_root = str(path);
}

Graph GraphBuilder::finish() {
  const Tables& t = *tables_;
  const StrId settings[] = {t.out_root};
  const graph_format::Tables tables = {t.bytes,         t.strings,
                                       t.values.rows,   t.value_ids.rows,
                                       t.fields.rows,   t.files.rows,
                                       t.file_ids.rows, t.trees.rows,
                                       t.inputs.rows,   t.input_ids.rows,
                                       t.outputs,       t.nodes,
                                       t.node_ids.rows, t.axis_values.rows,
                                       t.str_ids.rows,  t.scripts.rows,
                                       t.lines.rows,    t.traits.rows,
                                       t.numbers.rows,  t.hints.rows,
                                       t.targets,       t.pools,
                                       t.reads,         t.projects,
                                       settings,        {}};
  std::string block = graph_format::encode_block(tables);
  *this = GraphBuilder();
  Result<Graph> graph = Graph::from_bytes(std::move(block));
  assert(graph && "a builder's rows point at rows");
  return *std::move(graph);
}

}  // namespace devgraph
