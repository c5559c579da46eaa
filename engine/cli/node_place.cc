#include "engine/cli/node_place.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::cli {
namespace {

/// The name of a node with its axes: what stands before its block.
std::optional<Range> range_of(const std::string& text, const Node& node) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < node.line; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return std::nullopt;
    ++begin;
  }
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  // A column counts code points; before the name stands the rule, in ASCII.
  begin = std::min(begin + std::max(node.column, 1U) - 1, end);
  const std::size_t brace = std::min(text.find('{', begin), end);
  const std::size_t size = trim(std::string_view(text).substr(begin, brace - begin)).size();
  return Range{{},
               static_cast<std::uint32_t>(begin),
               static_cast<std::uint32_t>(begin + std::max<std::size_t>(size, 1))};
}

}  // namespace

void add_fault_at(Context& context, const NodePlace& place, Diagnostic fault, std::string label) {
  const Node& row = place.graph.node(place.node);
  const std::string manifest(place.graph.str(row.manifest));
  Result<std::string> text = context.files.read(join_path(place.root, manifest));
  std::optional<Range> range = text ? range_of(*text, row) : std::nullopt;
  if (range) {
    range->source = context.sources.add(manifest, *std::move(text));
    fault.where = Pointer{*range, std::move(label)};
  } else {
    fault.helps.push_back(fmt::format("declared at {}:{}", printable(manifest), row.line));
  }
  context.found.add(std::move(fault));
}

}  // namespace devgraph::cli
