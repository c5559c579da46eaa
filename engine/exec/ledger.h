#pragma once
/// What releases did to the world: an append-only file of JSON lines, each on the disk before the
/// next thing happens. docs/reference/state-formats.md, "The ledger".

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/actions/effects/effect.h"
#include "engine/base/files.h"

namespace devgraph::exec {

/// Which step it is, in this release and the next: 16 digits of the SHA-256 of kind, target and
/// digest.
std::string step_id(const actions::StepFacts& facts);

/// A release as it was begun.
struct ReleaseBegin {
  std::string id;                  ///< When it was begun, and a number: `20261122T040506Z-1f2e`.
  std::string commit;              ///< Of the workspace; empty: it is in no repository.
  std::vector<std::string> goals;  ///< Labels.
  std::string time = {};           ///< As the ledger has it; written by itself.
};

class Ledger {
 public:
  /// Reads what is there. A last line that is torn is not counted, and cut before the next one.
  static Result<Ledger> open(Files& files, const std::string& state);

  enum class Mark { None, Started, Failed, Done, Reverted };
  /// What is known of a step.
  struct Entry {
    Mark mark = Mark::None;
    std::string before;    ///< What its name stood for when it was started first.
    std::size_t turn = 0;  ///< Which event it is that is the last of it: later ones have more.
  };
  Entry entry(const actions::StepFacts& facts) const;

  /// What was last done about one name outside.
  struct LastStep {
    Mark mark = Mark::None;
    std::string kind, target, digest, time;
    std::string error;  ///< Of Failed.
    std::size_t turn = 0;
  };
  /// Of the node with this label; the earliest first.
  std::vector<LastStep> steps_of(const std::string& label) const;

  /// The last release, if it did not end, and whether it did anything.
  const std::optional<ReleaseBegin>& unfinished() const { return unfinished_; }
  bool did_anything() const { return did_anything_; }
  /// The releases that were begun since one ended.
  const std::vector<std::string>& open_releases() const { return open_releases_; }

  /// Of the release that was begun last; empty: of none.
  const std::string& last_commit() const { return last_commit_; }

  /// The goals of all releases that were begun here.
  const std::set<std::string>& goals() const { return goals_; }

  /// Each is on the disk when it returns.
  Status begin(const ReleaseBegin& release);
  Status end();
  Status note(Mark mark, std::string_view label, const actions::StepFacts& facts,
              std::string_view before, std::string_view error = {});

 private:
  Ledger(Files& files, std::string path) : files_(&files), path_(std::move(path)) {}
  void take(std::string_view line);
  Status append(const std::string& line);

  Files* files_;
  std::string path_;
  std::uint64_t size_ = 0;  ///< Of the lines that are whole.
  std::unique_ptr<AppendFile> file_;
  std::string release_;
  std::optional<ReleaseBegin> unfinished_;
  std::vector<std::string> open_releases_;
  std::string last_commit_;
  bool did_anything_ = false;
  std::set<std::string> goals_;
  std::map<std::string, Entry> entries_;
  /// By label, and by kind and target.
  std::map<std::string, std::map<std::pair<std::string, std::string>, LastStep>> last_;
  std::size_t turns_ = 0;
};

}  // namespace devgraph::exec
