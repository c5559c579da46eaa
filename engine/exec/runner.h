#pragma once
/// The seam to processes: starts commands, and waits for any of them in one poll loop.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace devgraph::exec {

class Redactor;

/// What a command may touch. Paths are absolute; those of folders end with a slash, and stand for
/// everything below.
struct SandboxPolicy {
  bool enabled = false;
  bool required = false;              ///< Refuse to start where the kernel cannot hold all of it.
  std::string workspace;              ///< Below it only `readable` and `writable` can be read.
  bool network = false;               ///< TCP connect and bind.
  std::vector<std::string> readable;  ///< Files and folders of the workspace: the declared inputs.
  std::vector<std::string> writable;  ///< Scratch and outputs.
  std::vector<std::string> listable;  ///< Folders where names can be seen, and no content.
};

struct Command {
  NodeId node{};
  /// argv[0] is an absolute path, unless `program` is given. Empty: no process, only the
  /// redirections are made (status 0).
  std::vector<std::string> argv;
  std::string program;                   ///< Absolute path of what runs, if it is not argv[0].
  std::vector<std::string> environment;  ///< The whole of it, `NAME=value`.
  std::string folder;                    ///< Where it runs; absolute.
  std::string stdin_file;                ///< Empty: /dev/null.
  std::string stdout_file;               ///< Empty: the log.
  std::string stderr_file;               ///< Empty: the log.
  bool stdout_append = false;
  bool stderr_append = false;
  std::string scratch;                   ///< The node's scratch folder, for runners of tests.
  std::string log_file;                  ///< Appended to.
  std::string log_head;                  ///< Written to the log before the command starts.
  std::string line_file;                 ///< Empty, or opened for writing as descriptor kLineFd.
  std::chrono::milliseconds timeout{0};  ///< 0: none.
  SandboxPolicy sandbox;
  std::shared_ptr<const Redactor> redactor;  ///< Or null: what it prints goes straight to the log.
};

/// The descriptor through which a script says which of its lines it has come to.
inline constexpr int kLineFd = 19;

/// How a command ended.
struct Exit {
  std::uint64_t token = 0;
  int wait_status = 0;  ///< As waitpid gives it.
  bool timed_out = false;
  bool left_children = false;  ///< Background processes were still there, and were killed.
  std::chrono::milliseconds time{0};
  std::optional<Error> not_started =
      {};  ///< Why it did not even start; the rest then says nothing.
};

class Runner {
 public:
  virtual ~Runner() = default;
  /// Starts a command in its own session and process group. Errors: no such program, no
  /// descriptors; they come back from here or with the exit. The command must live until its exit
  /// was told, or `stop_all` returned.
  virtual Status start(std::uint64_t token, const Command& command) = 0;
  /// Returns when a command ends, `wake` was called, a signal asked to stop, or the time is over.
  virtual Result<std::vector<Exit>> wait(std::optional<std::chrono::milliseconds> limit) = 0;
  /// From any thread: makes a waiting `wait` return.
  virtual void wake() = 0;
  /// The number of the signal (INT, TERM, HUP) that asked to stop, or 0.
  virtual int stop_signal() const = 0;
  /// TERM to every group, KILL after `grace`; returns when all have ended. Their exits are dropped.
  virtual void stop_all(std::chrono::milliseconds grace) = 0;
  /// Commands started from now on keep this descriptor, under its number: the lock of the state
  /// (it must outlive a killed engine for as long as its commands live), the jobserver's pipe.
  virtual void inherit(int /*descriptor*/) {}
  /// `wait` returns also when this descriptor is readable, until it is unset by -1. For the tokens
  /// of a jobserver.
  virtual void watch(int /*descriptor*/) {}
};

}  // namespace devgraph::exec
