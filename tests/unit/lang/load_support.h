#pragma once
/// Loads manifests from memory, and shows the graph as text.

#include <map>
#include <optional>
#include <string>

#include "engine/graph/graph.h"
#include "lang/load.h"
#include "tests/support/mem_files.h"

namespace devgraph {

struct LoadedWorkspace {
  MemFiles files;
  Sources sources;
  Diagnostics found;
  lang::LoadOptions options;
  std::optional<Graph> graph;

  LoadedWorkspace();
  void put(const std::string& path, const std::string& text) { files.put("/ws/" + path, text); }
  /// Loads again, from nothing.
  bool load();
  /// The diagnostics as text.
  std::string errors() const;
  /// The node with this label; aborts the test if there is none.
  NodeId node(const std::string& label) const;
  /// Its arguments: `{ dg1 = //src/a.c, dg2 = >0 }`.
  std::string args(const std::string& label) const;
  std::string env(const std::string& label) const;
  /// The names of its inputs, in order, with `=` behind tools.
  std::string inputs(const std::string& label) const;
  std::string outputs(const std::string& label) const;
  std::string after(const std::string& label) const;
  std::string show(ValueId id) const;
  std::size_t count() const { return graph ? graph->node_count() : 0; }
};

}  // namespace devgraph
