#pragma once
/// What is there before anything runs: the stat and digest of all that the wanted nodes read and
/// make, their keys, and a verdict for each. Flat rows by id; `check`, `why`, `-n` and `build` all
/// start here.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/files.h"
#include "engine/base/ids.h"
#include "engine/graph/graph.h"
#include "engine/plan/judge.h"
#include "engine/store/record.h"
#include "engine/store/stat_index.h"

namespace devgraph::exec {

/// How a node stands, as far as it can be said without running what it needs.
enum class Verdict : std::uint8_t {
  Unwanted,
  Fresh,
  NeverBuilt,
  KeyChanged,
  OutputMissing,
  OutputAltered,
  GoneOutside  ///< What it left outside of the workspace is not there any more.
};

class Survey {
 public:
  struct Options {
    std::string workspace;  ///< Absolute.
    std::string state;      ///< Absolute.
    std::vector<NodeId> goals;
    bool paranoid = false;
  };
  /// Looks at everything that the goals need. Errors: a source that is absent or unreadable, a
  /// node that cannot run.
  static Result<Survey> make(const Graph& graph, Files& files, const Options& options);

  const Graph& graph() const { return *graph_; }
  /// The wanted nodes, each behind what it needs.
  const std::vector<NodeId>& order() const { return order_; }
  bool is_wanted(NodeId id) const { return verdicts_[id] != Verdict::Unwanted; }
  Verdict verdict(NodeId id) const { return verdicts_[id]; }
  bool all_fresh() const { return all_fresh_; }
  /// A fresh node has to run, because what it left outside is gone (outside.h).
  void set_gone(NodeId id) {
    verdicts_[id] = Verdict::GoneOutside;
    all_fresh_ = false;
  }
  const Digest& label_digest(NodeId id) const { return identities_[index_of(id)].label; }

  const plan::OutputNow& output(OutputId id) const { return outputs_[id]; }
  const FileStat& output_stat(OutputId id) const { return output_stats_[id]; }
  const IdVec<InputId, Digest>& contents() const { return contents_; }

  /// The key with what is known now, without discovered inputs. `missing` (sorted) are left out.
  Digest key(NodeId id, std::span<const InputId> missing = {}) const;
  std::vector<plan::OutputNow> outputs_now(NodeId id) const;
  /// The content of a discovered input as it is now, looked at once a build; zero if absent.
  Digest path_content(const std::string& path);
  /// The same after a run that began at `started` by the file system's clock; none if it changed
  /// since, so that nobody knows what the run read.
  std::optional<Digest> look_again(const std::string& path, std::int64_t started);
  /// The key that a recorded result would have, were it made now from the same discovered inputs.
  Digest key_like(const Digest& key, const store::Made& made);

  /// A node has made its output: contents of inputs that read it follow.
  void set_output(OutputId id, const plan::OutputNow& now, const FileStat& stat);
  /// An input is known to be so without a look at the tree.
  void set_content(InputId id, const Digest& content) { contents_[id] = content; }
  /// A node is as it was; what stands behind the links that it made may have changed all the same.
  void look_behind_links(NodeId id);
  /// The paths (workspace-relative or absolute) whose content an input is, with the stat they had.
  struct Seen {
    std::string_view path;
    FileStat* stat = nullptr;  ///< A row of the survey.
    Digest content;
    bool follow = true;  ///< How to stat it again.
  };
  void seen(InputId id, std::vector<Seen>& out);

  /// A file in a tree output that is not there (a part), of this node's inputs but `missing`
  /// (sorted).
  std::optional<InputId> absent_part(NodeId id, std::span<const InputId> missing) const;

  store::Record& record() { return record_; }
  store::StatIndex& index() { return index_; }
  const store::Look& look() const { return look_; }
  store::Twins& twins() { return *twins_; }
  Files& files() { return *files_; }

 private:
  Survey(const Graph& graph, Files& files, const Options& options);
  void gather();
  void identify();
  Status look_at_sources();
  Status look_at_outputs();
  void look_at_deps(const std::vector<std::string>& paths);
  Status fill_contents();
  Result<Digest> content_of(InputId id);
  Result<Digest> part_content(const Input& input);
  Digest link_content(OutputId id);
  Result<Digest> normalized_content(const Input& input);
  void judge_all();
  Verdict judge_one(NodeId id);
  Status check_sources() const;
  void index_readers();
  void update_readers(OutputId id);
  bool is_link(OutputId id) const;

  const Graph* graph_;
  Files* files_;
  Options options_;
  store::Look look_;
  std::unique_ptr<store::Twins> twins_ = std::make_unique<store::Twins>();
  store::Record record_;
  store::StatIndex index_;
  std::vector<NodeId> order_;
  bool all_fresh_ = false;
  IdVec<NodeId, Verdict> verdicts_;
  std::span<const Identity> identities_;    // By NodeId.
  IdVec<NodeId, Identity> own_identities_;  // If the graph brings none.
  IdVec<FileId, store::FileFact> sources_;
  IdVec<OutputId, plan::OutputNow> outputs_;
  IdVec<OutputId, FileStat> output_stats_;
  IdVec<InputId, Digest> contents_;
  IdVec<InputId, std::uint8_t> wanted_inputs_;
  IdVec<FileId, std::uint8_t> wanted_files_;
  std::unordered_map<std::string, store::FileFact> deps_;  // Discovered inputs, by path.
  std::unordered_map<OutputId, store::FileFact> behind_;   // What outputs that are links lead to.
  std::vector<std::pair<OutputId, InputId>> readers_;      // Sorted; filled when first needed.
};

/// What an output is to the key of a node that reads it.
Digest output_content(const plan::OutputNow& now);

}  // namespace devgraph::exec
