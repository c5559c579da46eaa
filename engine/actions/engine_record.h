#pragma once
/// What nodes put into engines of this machine (docker, podman): a file of JSON lines, on the disk
/// before the engine is told. docs/reference/state-formats.md, "What is in engines".

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/files.h"

namespace devgraph::actions {

/// One image under one name.
struct Placed {
  std::string program;  ///< `docker` or `podman`.
  std::string engine;   ///< Which one of them: what it says of itself.
  std::string at;       ///< How it was reached, for people; empty: as usual.
  std::string label;    ///< Of the node.
  std::string name;     ///< As the engine was given it.
  /// What the engine may call the image: digests in hex. Empty: it was not made yet, but the name
  /// is one that nobody else gives.
  std::vector<std::string> ids;

  friend bool operator==(const Placed&, const Placed&) = default;
};

/// podman tells where its images lie, docker a number; by their programs they are not told apart
/// (podman-docker).
inline bool is_podman(const Placed& placed) {
  return placed.engine.find('/') != std::string::npos;
}

class EngineRecord {
 public:
  /// Reads `engines` in the state folder. A last line that is torn is cut before the next one is
  /// written; a damaged one is skipped: what it named is left alone.
  static Result<EngineRecord> open(Files& files, const std::string& state);

  /// What was put, without what is gone, each once, the latest last.
  const std::vector<Placed>& placed() const { return placed_; }
  std::size_t damaged() const { return damaged_; }  ///< Lines.

  /// Each is on the disk when it returns. What is the latest of its name already adds nothing.
  Status put(const std::vector<Placed>& all);
  Status drop(const std::vector<Placed>& all);

 private:
  EngineRecord(Files& files, std::string path) : files_(&files), path_(std::move(path)) {}
  void take(std::string_view line);
  void place(const Placed& one);
  bool is_latest(const Placed& one) const;
  Status append(std::string_view lines);

  Files* files_;
  std::string path_;
  std::uint64_t size_ = 0;  ///< Of the lines that are whole.
  std::size_t damaged_ = 0;
  std::vector<Placed> placed_;
};

/// The same from a node that runs, of which there may be several at once.
Status note_placed(Files& files, const std::string& state, const std::vector<Placed>& all);

}  // namespace devgraph::actions
