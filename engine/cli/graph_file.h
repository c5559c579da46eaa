#pragma once
/// The file of the compiled graph, byte by byte: docs/reference/compiled-graph.md.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"

namespace devgraph::cli {

/// What the file says before the graph itself.
struct GraphHeader {
  Digest engine;                      ///< Of the program that made it.
  Digest options;                     ///< Of `-D` and `-P`.
  std::uint64_t doubts = 0;           ///< Warnings that a build prints, when it was made.
  std::vector<std::string> projects;  ///< What was demanded.
};
std::string encode_graph_file(const GraphHeader& header, std::string_view graph);
struct GraphFile {
  GraphHeader header;
  std::string_view graph;
};
/// None: not such a file. The checksum of the graph is checked by Graph::from_memory.
std::optional<GraphFile> decode_graph_file(std::string_view bytes);
/// True if a graph of the projects `have` holds everything that `want` asks for.
bool covers(std::span<const std::string> have, std::span<const std::string> want);

}  // namespace devgraph::cli
