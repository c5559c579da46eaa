/// The end of a run that failed: its log closed, what it made kept aside, another attempt or a
/// failure block.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/coordinator.h"
#include "engine/exec/failed_line.h"
#include "engine/exec/hints.h"
#include "engine/graph/label.h"

namespace devgraph::exec {
namespace {

/// What patterns are matched against: the end of the log, where errors are.
constexpr std::size_t kSearched = std::size_t{1024} * 1024;
constexpr std::size_t kHintTail = std::size_t{64} * 1024;
constexpr std::size_t kTailLines = 20;

}  // namespace

std::string Coordinator::failed_folder(NodeId node) const {
  return fmt::format("{}/failed/{}", state_folder_, log_stem(graph_, node));
}

bool Coordinator::matches(StrId pattern, std::string_view text) {
  std::unique_ptr<RE2>& compiled = patterns_[index_of(pattern)];
  if (!compiled) {
    RE2::Options quiet(RE2::Latin1);  // Logs are bytes.
    quiet.set_log_errors(false);
    const std::string_view source = graph_.str(pattern);
    compiled = std::make_unique<RE2>(re2::StringPiece(source.data(), source.size()), quiet);
  }
  return compiled->ok() && RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled);
}

bool Coordinator::may_retry(const Running& run, std::string_view tail) {
  const Traits& traits = graph_.traits_of(run.node);
  if (run.attempt > traits.retries || is_halting() || run.second || run.refused) return false;
  return traits.retry_on == StrId{} || matches(traits.retry_on, tail);
}

/// What the command printed, without our own header and footer.
std::string_view Coordinator::printed_part(std::string_view log) {
  if (log.starts_with("# ")) {
    const std::size_t end = log.find("\n\n");
    log = end == log.npos ? std::string_view() : log.substr(end + 2);
  }
  const std::size_t footer = log.rfind("\n# ");
  return footer == log.npos ? log : log.substr(0, footer);
}

Failure Coordinator::describe(const Running& run, const std::string& what, std::string_view tail) {
  FailedLine line = failed_line(graph_, files_, run.node, run.command);
  Failure failure;
  failure.node = run.node;
  failure.what = what;
  failure.log = logs_.path(run.node);
  failure.attempts = run.attempt;
  failure.tail = last_lines(tail, kTailLines);
  cut_tail(line, failure.tail);
  failure.manifest = std::move(line.manifest);
  failure.line = line.line;
  failure.command = std::move(line.command);
  for (const Hint& hint : graph_.hints(graph_.traits_of(run.node))) {
    if (matches(hint.pattern, tail)) failure.hints.emplace_back(graph_.str(hint.advice));
  }
  if (run.refused && graph_.traits_of(run.node).retries >= run.attempt) {
    failure.hints.emplace_back("a refused login is not tried again: that could lock the account");
  }
  if (what.starts_with("output missing") && !run.command.folder.empty()) {
    for (std::size_t i = 0; i < run.items.size(); ++i) {
      std::optional<std::string> hint =
          stray_hint(stage_of(run), run.node, run.command, i, run.items[i].staged);
      if (hint) failure.hints.push_back(std::move(*hint));
    }
  }
  if (!run.command.log_file.empty()) {
    const std::string_view end = tail.substr(tail.size() > kHintTail ? tail.size() - kHintTail : 0);
    for (std::string& hint : failure_hints(stage_of(run), run.node, run.command, end)) {
      failure.hints.push_back(std::move(hint));
    }
  }
  return failure;
}

/// The scratch folder, for people to look at, until the node's next run.
Status Coordinator::keep_failed(const Running& run) {
  const std::string folder = failed_folder(run.node);
  if (Status done = files_.make_folders(std::string(parent_path(folder))); !done) return done;
  if (Status done = files_.remove_all(folder); !done) return done;
  failed_kept_ = true;
  // Outputs made in place go with it, and the earlier ones come back.
  for (const LandItem& item : run.items) {
    if (item.staged != item.place) continue;
    const std::string kept = join_path(run.scratch, base_name(item.place));
    const Result<FileStat> stat = files_.lstat(item.place);
    if (!stat || !stat->exists()) continue;
    if (!files_.rename(item.place, kept)) static_cast<void>(files_.remove_all(item.place));
  }
  return files_.rename(run.scratch, folder);
}

Status Coordinator::fail_attempt(std::uint64_t token, const std::string& fault) {
  const std::string what = redactor_ ? redactor_->apply(fault) : fault;
  Running& run = running_.at(token);
  const NodeId node = run.node;
  if (run.second) {
    Landed landed;
    landed.refused = fmt::format("the second run failed: {}", what);
    return compare_twice(run, landed);
  }
  if (Status done = close_log(run, what); !done) return done;
  trace_.add(label_of(graph_, node), "failed", run.started, Clock::now());
  const std::string log = logs_.tail_bytes(node, kSearched);
  const std::string_view tail = printed_part(log);

  const bool again = may_retry(run, tail);
  Finished finished;
  finished.outcome = Outcome::Failed;
  finished.time = run.time;
  if (!again) finished.failure = describe(run, what, tail);
  const unsigned attempt = run.attempt;
  if (Status done = keep_failed(run); !done) return done;
  discard(run);
  release(token);
  if (!again) {
    unclaim(node);
    end(node, std::move(finished), State::Failed);
    return {};
  }
  listener_.retrying(node, attempt + 1, what);
  constexpr unsigned kMostDoublings = 16;
  const std::uint64_t backoff = graph_.traits_of(node).backoff_ms
                                << std::min(attempt - 1, kMostDoublings);
  delayed_.push_back({node, attempt + 1, Clock::now() + std::chrono::milliseconds(backoff)});
  return {};
}

}  // namespace devgraph::exec
