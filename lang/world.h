#pragma once
/// The world as one evaluation sees it: every look at it is recorded, and can be redone.

#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/files.h"
#include "engine/graph/graph.h"
#include "engine/graph/lock_file.h"
#include "engine/graph/pins.h"
#include "lang/decode.h"
#include "lang/discover.h"
#include "lang/glob.h"
#include "lang/late.h"
#include "lang/load.h"
#include "lang/value.h"

namespace devgraph::lang {

/// Why a data file gives no value: it cannot be read, or what it holds cannot be decoded.
struct UnreadData {
  DataFault fault;
  std::optional<std::string> text;  ///< What it holds, without a byte order mark.
};

/// Why the lock file cannot be used, with what it holds.
struct UnusableLock {
  LockFault fault;
  std::string text;
};

/// Paths are workspace-relative.
class World {
 public:
  World(Files& files, const LoadOptions& options) : files_(files), options_(options) {}

  // --- what is known before anything is evaluated
  // -------------------------------------------------
  void set_settings(WorkspaceSettings settings) { settings_ = std::move(settings); }
  void set_projects(const std::vector<std::string>& folders);
  void set_outputs(std::set<std::string> in_tree) { outputs_ = std::move(in_tree); }
  /// A file that a seed will make when it is absent.
  void add_seed(const std::string& path, std::string text) { seeds_[path] = std::move(text); }

  // --- looks, each recorded
  // -----------------------------------------------------------------------
  Result<std::string> read_text(const std::string& path);
  /// The decoded file; what of it is used is recorded by `use_part`.
  std::expected<Value, UnreadData> read_data(const std::string& path, const std::string& decoder);
  /// `part` is null when the file has none there.
  void use_part(const DataObject& data, const std::vector<std::string>& steps, const Value* part);
  /// What a late axis is decoded from, as it is now.
  LateValues late(const LatePlace& place);
  GlobResult glob(const std::string& pattern);
  bool exists(const std::string& path);
  std::optional<std::string> env(const std::string& name);
  Result<std::string> tool(const std::string& name);
  /// A fact of lang/git.h, or `lacks`: `true` if a file of the last commit is gone that one of the
  /// globs would have found.
  Result<std::optional<std::string>> git(const std::string& project, const std::string& fact,
                                         const std::vector<std::string>& arguments);
  std::string host(const std::string& fact);
  /// What a name outside stands for; none: the lock file does not say. Nobody is asked.
  std::optional<std::string> locked(const Ask& ask);
  void record_manifest(const std::string& path, std::string_view text);
  void record_std();
  void record_projects();
  static Digest digest_of_projects(const std::vector<std::string>& folders);
  void record_param(const std::string& label, const std::optional<std::string>& text);
  /// The text that was given for a parameter; none: it has its default.
  std::optional<std::string> given(const std::string& label) const;

  // --- looks that are not recorded: they only serve messages and checks
  // ---------------------------
  FileKind kind(const std::string& path);
  /// The entry of its folder whose name is nearest to an absent path; none if nothing is near.
  std::optional<std::string> near_path(const std::string& path);
  bool is_output(const std::string& path) const { return outputs_.contains(path); }
  /// `no directory sub/helper`, `./helpers exists and would match 212 files`; paths to paste are
  /// spelled from the folder `from`, or from the workspace.
  std::vector<std::string> glob_helps(const std::string& pattern,
                                      const std::optional<std::string>& from);
  std::string search_path() const;
  /// What stands in for outputs; none where the file cannot be read.
  const Pins& pins();
  /// Why it cannot be; empty: it can.
  const std::string& pins_fault() const { return pins_fault_; }
  /// Null: the lock file is in order, or absent.
  const UnusableLock* unusable_lock();

  /// Does a recorded look again; zero if it fails now.
  Digest redo(ReadOp op, std::string_view arg, const std::optional<std::string>& param);

  const std::map<std::pair<ReadOp, std::string>, Digest>& reads() const { return reads_; }
  /// Globs with what they gave, to see whether an output of the graph is among it.
  const std::set<std::string>& globbed() const { return globbed_; }
  const std::string& workspace() const { return options_.workspace; }
  const LateOptions& late_options() const { return options_.late; }
  const WorkspaceSettings& settings() const { return settings_; }

 private:
  void record(ReadOp op, std::string arg, const Digest& digest);
  std::string absolute(const std::string& path) const;
  Result<std::string> text_of(const std::string& path);
  const std::vector<FolderEntry>& list(const std::string& folder);
  GlobResult walk(const std::string& pattern);
  bool admits(const std::string& path, bool is_folder) const;
  bool would_find(const std::string& pattern, const std::string& path) const;
  Result<std::optional<std::string>> ask_git(const std::string& project, const std::string& fact,
                                             const std::vector<std::string>& arguments) const;
  Digest redo_part(std::string_view arg);
  Digest redo_git(std::string_view arg);
  Digest redo_lock(std::string_view arg);
  const std::expected<LockFile, UnusableLock>& lock();

  Files& files_;
  const LoadOptions& options_;
  WorkspaceSettings settings_;
  std::set<std::string> projects_;
  std::set<std::string> outputs_;
  std::map<std::string, std::string> seeds_;
  std::map<std::pair<ReadOp, std::string>, Digest> reads_;
  std::map<std::string, std::string> given_;  ///< Parameters.
  std::set<std::string> globbed_;
  std::unordered_map<std::string, std::vector<FolderEntry>> listings_;
  std::unordered_map<std::string, GlobResult> globs_;
  std::map<std::pair<std::string, std::string>, Value> decoded_;  ///< By path and decoder.
  std::map<std::string, std::string> tools_;
  std::optional<Pins> pins_;  ///< Read at the first question.
  std::string pins_fault_;
  std::optional<std::expected<LockFile, UnusableLock>> lock_;  ///< Read at the first question.
};

}  // namespace devgraph::lang
