#include "engine/exec/found_results.h"

#include <algorithm>
#include <unordered_map>

#include "engine/base/path.h"
#include "engine/exec/normalize.h"
#include "engine/plan/key.h"
#include "engine/store/tree.h"

namespace devgraph::exec {
namespace {

class Finder {
 public:
  Finder(Survey& survey, store::Cas& cas) : survey_(survey), graph_(survey.graph()), cas_(cas) {
    for (const NodeId node : survey.order()) {
      for (std::size_t i = 0; i < graph_.outputs(node).size(); ++i) {
        const OutputId id = graph_.output_id(node, i);
        paths_.emplace(graph_.str(graph_.output(id).path), id);
      }
      for (const InputId id : graph_.inputs(node)) {
        const Input& input = graph_.input(id);
        const bool filtered = input.kind == InputKind::Output && input.normalize != StrId{};
        if (input.kind == InputKind::OutputPart || filtered)
          readers_[OutputId{input.ref}].push_back(id);
      }
    }
  }

  std::optional<store::Made> find(NodeId node);
  void take(NodeId node, const store::Made& made);

 private:
  bool fits(NodeId node, const store::Made& made) const;
  Digest key_like(const Digest& key, const store::Made& made);
  std::optional<Digest> read(const store::MadeOutput& made, const Input& input);
  std::optional<Digest> read_part(const store::MadeOutput& made, const Input& input);
  std::optional<Digest> read_filtered(const Sha256& name, bool executable, const std::string& path,
                                      const Input& input);

  Survey& survey_;
  const Graph& graph_;
  store::Cas& cas_;
  std::unordered_map<std::string_view, OutputId> paths_;
  std::unordered_map<OutputId, std::vector<InputId>> readers_;  // Of more than its whole.
};

/// Whether the outputs are of the kinds that the node has now.
bool Finder::fits(NodeId node, const store::Made& made) const {
  const std::span<const Output> outputs = graph_.outputs(node);
  if (made.output_count() != outputs.size()) return false;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const bool tree = made.output(i).kind == store::MadeKind::Tree;
    if (tree != (outputs[i].kind == OutputKind::Tree)) return false;
  }
  return true;
}

/// As Survey::key_like, but what other nodes make is as their results have it.
Digest Finder::key_like(const Digest& key, const store::Made& made) {
  if (made.dep_count() == 0) return key;
  std::vector<plan::Discovered> now;
  for (const store::MadeDep& dep : made.deps()) {
    const auto output = paths_.find(dep.path);
    const bool is_made =
        output != paths_.end() && survey_.output(output->second).kind == store::MadeKind::File;
    now.push_back({dep.path, is_made ? output_content(survey_.output(output->second))
                                     : survey_.path_content(std::string(dep.path))});
  }
  return plan::key_with(key, now);
}

std::optional<store::Made> Finder::find(NodeId node) {
  if (graph_.node(node).kind == ActionKind::Group) return std::nullopt;
  const Digest key = survey_.key(node);
  for (const store::Made& made : survey_.record().with_static_key(key)) {
    if (fits(node, made) && key_like(key, made) == made.key()) return made;
  }
  return std::nullopt;
}

/// What a reader of a file sees through its filters.
std::optional<Digest> Finder::read_filtered(const Sha256& name, bool executable,
                                            const std::string& path, const Input& input) {
  const std::optional<std::string> text = cas_.get(name);
  if (!text) return std::nullopt;
  const std::string seen = normalize(*text, path, graph_.str(input.normalize));
  return store::with_mode(digest_of(seen), executable);
}

std::optional<Digest> Finder::read_part(const store::MadeOutput& made, const Input& input) {
  const std::optional<std::string> bytes = cas_.get(made.sha);
  const std::optional<store::TreeManifest> tree = bytes ? store::decode_tree(*bytes) : std::nullopt;
  if (!tree) return std::nullopt;
  const std::string_view part = graph_.str(input.part);
  store::TreeManifest below;
  for (const store::TreeEntry& entry : tree->entries) {
    if (!is_within(entry.path, part)) continue;
    if (entry.path == part && entry.kind == store::TreeEntryKind::File) {
      if (input.normalize == StrId{}) return store::with_mode(entry.content, entry.executable);
      const std::string path = join_path(graph_.str(graph_.output(OutputId{input.ref}).path), part);
      return read_filtered(entry.sha, entry.executable, path, input);
    }
    if (entry.kind == store::TreeEntryKind::Link) return std::nullopt;  // Nobody knows where to.
    if (entry.path == part) continue;
    below.entries.push_back(entry);
    below.entries.back().path = relative_to(entry.path, part);
  }
  if (below.entries.empty()) return std::nullopt;
  return store::tree_digest(below);
}

std::optional<Digest> Finder::read(const store::MadeOutput& made, const Input& input) {
  if (input.kind == InputKind::OutputPart) return read_part(made, input);
  if (made.kind != store::MadeKind::File) return std::nullopt;
  const std::string path(graph_.str(graph_.output(OutputId{input.ref}).path));
  return read_filtered(made.sha, made.executable, path, input);
}

/// The node's outputs are as this result has them.
void Finder::take(NodeId node, const store::Made& made) {
  for (std::size_t i = 0; i < made.output_count(); ++i) {
    const OutputId id = graph_.output_id(node, i);
    const store::MadeOutput output = made.output(i);
    if (plan::is_as_made(output, survey_.output(id))) continue;
    survey_.set_output(id, {true, output.kind, output.executable, output.content}, FileStat{});
    const auto readers = readers_.find(id);
    if (readers == readers_.end()) continue;
    // In the tree there is something else.
    for (const InputId reader : readers->second)
      survey_.set_content(reader, read(output, graph_.input(reader)).value_or(Digest{}));
  }
}

}  // namespace

std::vector<std::optional<store::Made>> find_results(Survey& survey, store::Cas& cas) {
  std::vector<std::optional<store::Made>> found(survey.graph().node_count());
  Finder finder(survey, cas);
  for (const NodeId node : survey.order()) {
    const std::optional<store::Made> made = finder.find(node);
    if (made) finder.take(node, *made);
    found[static_cast<std::size_t>(node)] = made;
  }
  return found;
}

}  // namespace devgraph::exec
