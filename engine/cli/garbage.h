#pragma once
/// What the state of a workspace holds that its graph does not need, and images that it put into
/// engines: found first, dropped then, so that a dry run says the same.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/files.h"
#include "engine/cli/engine_garbage.h"
#include "engine/exec/sweep.h"
#include "engine/graph/graph.h"

namespace devgraph::cli {

/// One line of the list.
struct Waste {
  std::string label;  ///< For people. Of no node: where it lies.
  std::string what;
  std::size_t count = 0;  ///< Zero: that is not counted.
  std::uint64_t bytes = 0;
  /// Of an image in an engine: which one, the name that it got there, and its id.
  std::string engine = {};
  std::string name = {};
  std::string image = {};
};

class Garbage {
 public:
  /// `graph`: of the whole workspace; outlives the object, as `files` does. `budget`: as in
  /// exec::Sweep.
  Garbage(Files& files, const std::string& workspace, const Graph& graph,
          std::optional<std::uint64_t> budget);

  /// The largest first. `beside_build`: one is running, and what it works with is no waste.
  Result<std::vector<Waste>> find(bool beside_build);
  /// What `find` found. May be repeated after an error or a kill.
  Status drop();
  std::uint64_t kept_bytes() const { return sweep_.kept_bytes(); }
  /// What is left alone in engines and why, a line each; `drop` may add some.
  std::vector<std::string> notes() const { return images_.notes(); }

 private:
  Status find_results();
  void find_failed();
  void find_logs();
  void find_log(const std::string& path, const std::string& stem);
  void find_layers();
  bool is_in_image() const;
  std::set<std::string> layers_in_use() const;
  void find_engines();
  void find_downloads();
  void find_left(bool beside_build);
  void add(const std::string& label, const std::string& what, std::size_t count,
           std::uint64_t bytes);
  std::uint64_t size_of(const std::string& path) const;
  std::vector<FolderEntry> entries(const std::string& folder) const;
  void walk(const std::string& root,
            const std::function<bool(const std::string&, FileKind)>& visit) const;

  Files& files_;
  std::string workspace_;
  std::string state_;
  const Graph& graph_;
  exec::Sweep sweep_;
  EngineGarbage images_;
  std::set<Digest> labels_;                                     // Of the graph.
  std::set<std::string> stems_;                                 // Where its logs lie.
  std::map<std::pair<std::string, std::string>, Waste> found_;  // By label and what.
  std::vector<std::string> paths_;                              // To be removed.
};

}  // namespace devgraph::cli
