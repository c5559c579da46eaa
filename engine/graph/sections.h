#pragma once
/// The layout of a graph block: a header, a table of sections, and the sections (private to
/// graph/). docs/reference/graph-format.md describes it byte by byte.

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "engine/graph/graph.h"

namespace devgraph::graph_format {

inline constexpr std::array<char, 8> kMagic = {'d', 'e', 'v', 'g', 'r', 'a', 'p', 'h'};
inline constexpr std::uint32_t kVersion = 5;

static_assert(std::endian::native == std::endian::little, "rows are stored as they lie in memory");

struct StringEnd {
  std::uint32_t end =
      0;  ///< Offset behind the last byte; the string begins where the one before ends.
};

/// One span of rows for each kind. The order is the order in the block.
struct Tables {
  std::span<const char> bytes;
  std::span<const StringEnd> strings;
  std::span<const Value> values;
  std::span<const ValueId> value_ids;
  std::span<const Field> fields;
  std::span<const File> files;
  std::span<const FileId> file_ids;
  std::span<const Tree> trees;
  std::span<const Input> inputs;
  std::span<const InputId> input_ids;
  std::span<const Output> outputs;
  std::span<const Node> nodes;
  std::span<const NodeId> node_ids;
  std::span<const AxisValue> axis_values;
  std::span<const StrId> str_ids;
  std::span<const Script> scripts;
  std::span<const ScriptLine> lines;
  std::span<const Traits> traits;
  std::span<const std::uint32_t> numbers;
  std::span<const Hint> hints;
  std::span<const Target> targets;
  std::span<const Pool> pools;
  std::span<const Read> reads;
  std::span<const StrId> projects;
  std::span<const StrId> settings;       ///< One row: the out root.
  std::span<const Identity> identities;  ///< None, or one for each node.
};

/// Calls `visit(span)` for each section in order.
template <class T, class Visit>
void for_each_section(T& tables, Visit visit) {
  visit(tables.bytes);
  visit(tables.strings);
  visit(tables.values);
  visit(tables.value_ids);
  visit(tables.fields);
  visit(tables.files);
  visit(tables.file_ids);
  visit(tables.trees);
  visit(tables.inputs);
  visit(tables.input_ids);
  visit(tables.outputs);
  visit(tables.nodes);
  visit(tables.node_ids);
  visit(tables.axis_values);
  visit(tables.str_ids);
  visit(tables.scripts);
  visit(tables.lines);
  visit(tables.traits);
  visit(tables.numbers);
  visit(tables.hints);
  visit(tables.targets);
  visit(tables.pools);
  visit(tables.reads);
  visit(tables.projects);
  visit(tables.settings);
  visit(tables.identities);
}
inline constexpr std::size_t kSectionCount = 26;

struct SectionHeader {
  std::uint64_t offset = 0;  ///< From the start of the block; a multiple of 8.
  std::uint64_t count = 0;   ///< Rows.
};

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t section_count = kSectionCount;
  std::uint64_t size = 0;  ///< Of the whole block.
  Digest checksum;         ///< XXH3-128 of the block with this field zero.
  std::array<SectionHeader, kSectionCount> sections;
};
static_assert(std::is_trivially_copyable_v<Header>);

/// The checksum of a block that starts with `header`.
Digest checksum_of(Header header, std::string_view block);
/// The block that holds these rows.
std::string encode_block(const Tables& tables);

/// Null if every id and span in the tables points at a row; else what does not.
const char* find_dangling(const Tables& tables);

}  // namespace devgraph::graph_format
