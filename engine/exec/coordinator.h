#pragma once
/// The one thread that decides: takes ready nodes, finds them fresh, restores them or runs them,
/// and writes what it knows. Workers get values and give values back.

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <re2/re2.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "engine/exec/build.h"
#include "engine/exec/capacity.h"
#include "engine/exec/folder_watch.h"
#include "engine/exec/frontier.h"
#include "engine/exec/history.h"
#include "engine/exec/jobserver.h"
#include "engine/exec/landing.h"
#include "engine/exec/node_log.h"
#include "engine/exec/redactor.h"
#include "engine/exec/survey.h"
#include "engine/exec/tally.h"
#include "engine/exec/toolbox.h"
#include "engine/exec/trace.h"
#include "engine/store/cas.h"
#include "engine/store/parts.h"

namespace devgraph::exec {

class Coordinator {
 public:
  Coordinator(Survey& survey, Runner& runner, const BuildOptions& options, Listener& listener);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  Result<Summary> run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { Open, Done, Failed, Blocked, NotStarted };

  /// A node that was started, until it has ended for good.
  struct Running {
    NodeId node{};
    std::uint64_t token = 0;
    unsigned attempt = 1;
    bool left_children = false;
    bool second = false;     ///< The second run of `--twice`: compared, not kept.
    bool again = false;      ///< Runs again because an input was written meanwhile.
    bool uncertain = false;  ///< It may have seen files that are not in its key.
    bool refused = false;    ///< A server refused its login.
    bool yielded = false;    ///< A seed whose file the user made meanwhile.
    std::string scratch;
    Command command;                              ///< Of Script and Exec.
    std::optional<InputFiles> read;               ///< Of an incremental node.
    std::unique_ptr<SecretFolder> secret_folder;  ///< Only if it has secrets.
    std::unique_ptr<AppendFile> log;
    std::vector<LandItem> items;
    std::vector<std::pair<std::string, std::string>> moved;  ///< Place, and where it waits.
    std::vector<InputId> missing;
    std::vector<NodeId> left_out;  ///< The nodes behind `missing`.
    std::vector<store::MadeDep> deps;
    std::vector<std::string> dep_paths;  ///< Own the paths of `deps`.
    std::vector<LandedItem> first;       ///< With `second`: what the first run made.
    /// Of the file system at the start; of nodes with a depfile or a folder of sources.
    std::int64_t clock = 0;
    Clock::time_point started;
    std::chrono::milliseconds time{0};
    std::chrono::milliseconds first_time{0};
  };
  /// What a ready node has to do without, because what it needs failed.
  struct Lack {
    std::vector<InputId> missing;  ///< Sorted.
    std::vector<NodeId> left_out;  ///< The nodes behind `missing`, each once.
    std::optional<NodeId> blocked_by;
    std::optional<TooMany> too_many;
  };
  /// What a worker gives back.
  struct Posted {
    std::uint64_t token = 0;
    bool ran = false;  ///< A native action; else a landing.
    Status status;
    Landed landed;
    std::exception_ptr thrown;
  };
  /// A run that waits for a slot, or for the end of its backoff.
  struct Waiting {
    NodeId node{};
    unsigned attempt = 1;
    Clock::time_point due;
    bool again = false;
  };

  // coordinator.cc: the loop
  Status prepare();
  Status loop();
  Status take_ready();
  Status start_waiting();
  Status wait_for_events();
  Status handle(const Exit& exit);
  Status handle_posted();
  Status flush();
  void end(NodeId node, Finished finished, State state);
  bool is_group(NodeId node) const;
  void tell(NodeId node, Finished& finished);
  void stop(int signal);
  Summary sum_up();
  bool is_halting() const { return halting_ || signal_ != 0; }
  std::string workspace_path(std::string_view path) const;

  // rounds.cc: late axes
  void find_held();
  bool has_ended(NodeId node) const;
  bool is_blocked_before(NodeId node) const;
  bool ended_before(NodeId node);
  void add_earlier();
  Result<Summary> end_round();

  // decide.cc: what becomes of a ready node
  Status decide(NodeId node);
  bool is_gone(NodeId node);
  Lack find_lack(NodeId node) const;
  Result<bool> restore(NodeId node, const Digest& key, const store::Made& made);
  Result<bool> restore_missing(NodeId node, const store::Made& made,
                               std::vector<LandedItem>& items);
  std::string reason(NodeId node) const;

  // ownership.cc
  Status check_ownership();
  Status remove_orphans();
  void remove_if_unchanged(const store::MadeOutput& made);
  Status drop_old_paths(const store::Made& old, const std::vector<LandedItem>& items);
  void claim(NodeId node);
  void unclaim(NodeId node);
  bool stands_there(NodeId node);
  Status check_way(NodeId node, std::string_view path);
  bool is_source(const std::string& path);
  bool is_project(std::string_view project);
  const std::unordered_map<std::string_view, OutputId>& output_paths();

  // start.cc
  enum class Started : std::uint8_t { Yes, Later, Ended };
  Result<Started> start(const Waiting& waiting);
  Status start_attempt(Running run);
  Status did_not_start(Running& run, const Error& error);
  Status lay_out(Running& run);
  Status start_native(Running& run);
  Result<std::string> write_secret(SecretFolder* folder, std::string_view name) const;
  Stage stage_of(const Running& run) const;
  void on_worker(std::uint64_t token, std::function<void(Posted&)> work);

  // incremental.cc
  std::string history_path(NodeId node) const;
  Status lay_out_history(Running& run);
  Result<bool> restore_previous(const Running& run, const store::Made& last,
                                const std::string& folder);
  Status keep_history(const Running& run, const Digest& key);

  // finish.cc, failing.cc
  Status ran(Running& run, const std::string& fault);
  Status land(Running& run);
  Status landed(Running& run, Landed landed);
  Status record_result(const Running& run, const std::vector<LandedItem>& items);
  void keep_known(LandedItem& item);
  Status commit(Running& run, std::vector<LandedItem> items);
  Status compare_twice(Running& run, const Landed& landed);
  std::string changed_input(const Running& run, std::string& rewritten);
  std::string changed_folder(Running& run);
  Status run_again(Running& run, const std::string& what);
  std::string read_depfile(Running& run);
  Status write_quarantine(Running& run);
  Status fail_attempt(std::uint64_t token, const std::string& fault);
  Failure describe(const Running& run, const std::string& what, std::string_view tail);
  bool may_retry(const Running& run, std::string_view tail);
  Status keep_failed(const Running& run);
  std::string failed_folder(NodeId node) const;
  static std::string_view printed_part(std::string_view log);
  Status close_log(Running& run, std::string_view what);
  void bring_back(Running& run);
  void drop_in_place(const Running& run);
  void discard(Running& run);
  void recycle(Running& run);
  bool clean_scratch(const std::string& folder);
  void release(std::uint64_t token);
  bool matches(StrId pattern, std::string_view text);
  void post(Posted posted);

  const Graph& graph_;
  Survey& survey_;
  NodeCounter counter_;
  Files& files_;
  Runner& runner_;
  const BuildOptions& options_;
  Listener& listener_;
  const std::string state_folder_;

  std::shared_ptr<const Redactor> redactor_;  // Null: the build has no secrets.
  store::Cas cas_;
  store::Parts parts_;
  NodeLogs logs_;
  FolderWatch watch_;
  mutable Toolbox toolbox_;  ///< Used by `stage` only, on the coordinator's thread.
  Capacity capacity_;
  Trace trace_;
  std::unique_ptr<Frontier> frontier_;
  IdVec<NodeId, std::uint8_t> again_;
  IdVec<NodeId, State> states_;
  IdVec<NodeId, Outcome> outcomes_;
  IdVec<NodeId, std::uint8_t> held_;  // Until the graph is made again.
  bool is_round_ = false;             // Some are: this is not the last round.
  Rounds own_rounds_;                 // If the caller keeps none.
  Rounds& rounds_;
  IdVec<NodeId, NodeId> roots_;  // Of blocked nodes: the failed one.
  std::size_t left_ = 0;         // Open nodes that have not ended.

  struct LessUrgent {
    bool operator()(const std::pair<std::uint64_t, Waiting>& a,
                    const std::pair<std::uint64_t, Waiting>& b) const {
      return a.first != b.first ? a.first < b.first : a.second.node > b.second.node;
    }
  };
  std::priority_queue<std::pair<std::uint64_t, Waiting>,
                      std::vector<std::pair<std::uint64_t, Waiting>>, LessUrgent>
      to_start_;
  std::vector<Waiting> delayed_;  // Until their backoff is over.
  std::unordered_map<std::uint64_t, Running> running_;
  std::uint64_t next_token_ = 1;
  bool token_wanted_ = false;  // Of the jobserver.
  bool halting_ = false;       // After a failure without `-k`.
  int signal_ = 0;
  std::atomic<bool> stopping_{false};
  Clock::time_point begun_;
  Clock::time_point last_tick_;

  std::vector<Finished> bad_;
  std::vector<std::string> quarantined_;
  std::vector<std::string> not_equal_;
  bool all_excused_ = true;
  bool failed_kept_ = false;  // `.devgraph/failed` holds something of earlier builds.

  std::unordered_set<std::string> made_folders_;
  std::unordered_map<std::string_view, OutputId> output_paths_;
  std::unordered_set<std::string_view> sources_;  // Paths; filled when first needed.
  std::vector<std::string> litter_;               // Scratch folders to delete.
  // Folders are used again: file systems make new ones slowly, and ext4 the more so the more were
  // deleted in the last seconds (it was a third of the time of 300 small commands).
  std::vector<std::string> used_scratch_;  // To be cleaned.
  std::vector<std::string> idle_scratch_;  // Clean: with nothing but empty folders in them.
  std::uint64_t next_scratch_ = 1;
  std::unordered_map<std::uint32_t, std::unique_ptr<RE2>> patterns_;

  std::unique_ptr<tbb::global_control> parallelism_;
  std::unique_ptr<tbb::task_arena> arena_;  // Made with the first work for it.
  std::atomic<std::size_t> in_flight_{0};
  std::mutex posted_mutex_;
  std::vector<Posted> posted_;  // Guarded by posted_mutex_.
};

}  // namespace devgraph::exec
