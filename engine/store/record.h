#pragma once
/// What was built: for each node the key and the outputs of its last result, and every result once
/// built for a key. docs/reference/state-formats.md, "Record".

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/digest_map.h"
#include "engine/store/log_file.h"
#include "engine/store/parts.h"

namespace devgraph::store {

enum class MadeKind : std::uint8_t { File, Tree, Link };

/// One output as it was made. `path` lives as long as the record.
struct MadeOutput {
  MadeKind kind = MadeKind::File;
  bool executable = false;
  std::uint64_t size = 0;
  Digest content;         ///< Of a file its bytes, of a link its target, of a tree its manifest.
  Sha256 sha;             ///< The name in the CAS of the bytes, the target or the manifest.
  std::string_view path;  ///< Workspace-relative, where it landed then.
};

/// An input that a command told of in its depfile.
struct MadeDep {
  std::string_view path;  ///< Workspace-relative or absolute.
  Digest content;         ///< As it enters the key.
};

/// A result, to be recorded.
struct MadeNow {
  std::string_view label;
  Digest key;         ///< Of everything, discovered inputs too.
  Digest static_key;  ///< Without them; equal to `key` if there are none.
  std::chrono::milliseconds time{0};
  std::vector<MadeOutput> outputs;
  std::vector<MadeDep> deps;
  PartsPlace parts;
};

/// A recorded result: a view into the record, nothing is copied.
class Made {
 public:
  explicit Made(std::string_view payload) : payload_(payload) {}

  Digest label_digest() const;
  Digest key() const;
  Digest static_key() const;
  std::chrono::milliseconds time() const;
  std::size_t output_count() const;
  std::size_t dep_count() const;
  std::vector<MadeOutput> outputs() const;
  /// Output number `index`, without allocating. `index` < output_count().
  MadeOutput output(std::size_t index) const;
  std::vector<MadeDep> deps() const;
  std::string_view label() const;
  PartsPlace parts() const;

 private:
  std::string_view payload_;
};

class Record {
  friend class Collector;  // collector.h drops results.

 public:
  /// Never fails: what cannot be read is as if it had never been built.
  static Record load(Files& files, const std::string& state_folder);

  /// The last result of a node; none if it left the graph since.
  std::optional<Made> last(const Digest& label) const;
  /// Results for a static key, the newest first.
  std::vector<Made> with_static_key(const Digest& static_key);
  /// Labels that have a last result, in no order.
  std::vector<Made> all_last() const;
  std::size_t last_count() const { return last_.size(); }
  /// True if this path is an output that some node made, or was about to make when it was killed.
  bool owns(std::string_view path);
  /// The same of nodes that are no more, too.
  bool has_owned(std::string_view path);
  /// True if entries were lost: then a file that nobody owns may still be ours.
  bool damaged() const { return log_.damaged(); }
  bool empty() const { return log_.entries().empty(); }

  void add_made(const MadeNow& made);
  /// A result that belongs to the user from the start: found by its key like others, but no node
  /// has it as its last result, and its paths are not ours.
  void add_given(const MadeNow& made);
  /// The node is about to make these paths for the first time.
  void add_owns(std::string_view label, const std::vector<std::string_view>& paths);
  /// The node left the graph and its outputs are gone.
  void add_gone(const Digest& label);
  /// Writes what was added, in one call.
  Status flush() { return log_.flush(); }
  bool has_unwritten() const { return log_.has_unwritten(); }
  /// Drops old results when they are most of the file, and their parts. Views taken before are
  /// void.
  Status compact_if_worth(Parts& parts);

 private:
  void index_entry(std::size_t number);
  void index_all();
  void index_paths();
  std::vector<std::uint32_t> worth_keeping() const;
  /// What an entry is, for the collector; all false if it is not whole.
  struct Entry {
    Digest label;
    bool is_result = false;  ///< Made or given.
    bool is_made = false;
    bool is_claim = false;
    bool is_gone = false;
  };
  static Entry look(std::string_view entry);
  bool is_open(std::string_view entry) const;
  Status keep_only(const std::vector<std::uint32_t>& kept, Parts& parts);

  LogFile log_;
  DigestMap last_;  // Label -> entry number.
  bool keys_indexed_ = false;
  DigestMap by_static_key_;           // Static key -> newest entry number.
  std::vector<std::uint32_t> older_;  // Entry number -> the next older one of the same static key.
  bool paths_indexed_ = false;
  std::vector<Digest> paths_;   // Sorted digests of owned paths.
  std::vector<Digest> claims_;  // The same of all that were ever claimed.
};

}  // namespace devgraph::store
