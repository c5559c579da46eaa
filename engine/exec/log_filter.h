#pragma once
/// Stands between a command that knows secrets and its log.

#include <memory>
#include <thread>

#include "engine/base/fd.h"
#include "engine/base/result.h"
#include "engine/exec/redactor.h"

namespace devgraph::exec {

/// A pipe for what a command prints, and a thread that writes it to the log without secrets.
class LogFilter {
 public:
  /// `log`, open for appending, is duplicated.
  static Result<std::unique_ptr<LogFilter>> start(int log,
                                                  std::shared_ptr<const Redactor> redactor);
  ~LogFilter();
  LogFilter(const LogFilter&) = delete;
  LogFilter& operator=(const LogFilter&) = delete;

  /// What the command gets for stdout and stderr; until `started`.
  int writing_end() const { return in_.get(); }
  /// The command has its own copy now.
  void started() { in_.reset(); }
  /// The command has ended: returns when all that it wrote is in the log. Processes that escaped
  /// and still hold the pipe are not waited for.
  void finish();

 private:
  LogFilter(Fd log, std::shared_ptr<const Redactor> redactor);
  void run();
  void write(std::string_view text);

  std::shared_ptr<const Redactor> redactor_;
  Fd log_;
  Fd in_;
  Fd out_;
  Fd stop_;  // An eventfd.
  std::thread thread_;
};

}  // namespace devgraph::exec
