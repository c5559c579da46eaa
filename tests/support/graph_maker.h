#pragma once
/// Graphs for tests, in a few words.

#include <map>
#include <string>
#include <vector>

#include "engine/graph/builder.h"

namespace devgraph {

/// What a test says of a node.
struct NodeSpec {
  std::string name;
  /// `./a.c` is a source, `./dir/` a tree of the sources given to the maker, `cc` the first output
  /// of a node, `cc:1` its second, `cc/a/b` a part of its tree output.
  std::vector<std::string> inputs = {};
  /// `a.o` lands at `out/<name>/a.o`, `./a.o` in the tree at `a.o`; a slash at the end: a tree.
  std::vector<std::string> outputs = {"out"};
  std::string script = {};  ///< Empty: one of its own. Equal scripts share results.
  Traits traits = {};
  std::vector<std::string> after = {};
  std::string depfile = {};
  bool allow_failed = false;     ///< All inputs are listed.
  std::string counts_with = {};  ///< Empty: itself.
  std::uint32_t flags = 0;
  ActionKind kind = ActionKind::Script;
  std::vector<std::pair<std::string, std::string>> hints = {};
  std::vector<std::uint32_t> ok = {};
  std::string pool = {};
  std::string mutex = {};
  std::string retry_on = {};
  std::string quarantine = {};  ///< Name of a further output, written by the engine.
  std::string normalize = {};   ///< Of the sources among the inputs.
};

class GraphMaker {
 public:
  std::map<std::string, std::vector<std::string>> trees;  ///< `dir` -> names below it.
  std::vector<std::pair<std::string, std::uint32_t>> pools;
  std::string project;

  void add(NodeSpec spec) { specs_.push_back(std::move(spec)); }
  Graph make() const;

 private:
  std::vector<NodeSpec> specs_;
};

/// The node of a label such as `//:cc`; a test that names none fails.
NodeId node_named(const Graph& graph, const std::string& label);

}  // namespace devgraph
