#pragma once
/// What portable keys are made of: contents by SHA-256, names, and all of a node that is not of
/// this machine.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/files.h"
#include "engine/graph/graph.h"
#include "engine/graph/lock_file.h"
#include "engine/store/stat_index.h"

namespace devgraph::exec {

class PortableKeys {
 public:
  /// `order`: the nodes, each behind what it needs. `index` may be null: then all is read.
  PortableKeys(const Graph& graph, Files& files, std::string workspace,
               const std::vector<NodeId>& order, const store::StatIndex* index);

  /// Hashes all sources that the nodes read.
  Status look_at_sources();

  /// What an output is from here on, for those who read it.
  void set_output(OutputId id, const PortableContent& content) { outputs_[id] = content; }
  /// `found`: workspace-relative inputs that the command told of, sorted.
  Result<Sha256> key(NodeId id, const std::vector<std::string>& found);
  std::uint64_t does(NodeId id) const;
  /// `./a.c`, `//:lib`, `tool cc`: what the node reads, files of trees one by one.
  std::vector<std::string> read_names(NodeId id, const std::vector<std::string>& found) const;

  /// None: there is no such file.
  Result<std::optional<PortableContent>> content_of_path(const std::string& path);
  /// The content of an output that is a file or a link, as it lies there; none if it is absent.
  Result<std::optional<PortableContent>> content_in_place(const Output& output);

 private:
  Result<std::optional<PortableContent>> read_file(const std::string& path) const;
  Result<PortableContent> content_of(const Input& input);
  Result<PortableContent> normalized(const Input& input);
  Result<PortableContent> content_of_tree(TreeId tree);
  Result<PortableContent> content_of_found(const std::string& path);
  bool is_of_this_machine(const Node& node, const Input& input) const;

  const Graph& graph_;
  Files& files_;
  std::string workspace_;
  const std::vector<NodeId>& order_;
  const store::StatIndex* index_;
  std::unordered_map<std::string, std::optional<PortableContent>> files_seen_;  // By path.
  std::unordered_map<OutputId, PortableContent> outputs_;
  std::unordered_map<std::string, OutputId> output_at_;  // By path; filled when first needed.
};

/// Eight bytes of the SHA-256 of a text.
std::uint64_t short_digest(std::string_view text);
/// Of names in any order; two such numbers differ by the names that only one has.
std::uint64_t digest_of_names(const std::vector<std::string>& names);

}  // namespace devgraph::exec
