#include "engine/cli/locking.h"

#include <set>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/state_lock.h"
#include "engine/exec/process_runner.h"
#include "engine/exec/tally.h"

namespace devgraph::cli {
namespace {

constexpr std::size_t kShort = 12;

std::string lock_path(const lang::Workspace& workspace) {
  return join_path(workspace.root, kLockName);
}

/// `the image `debian:12``
std::string in_words(const Ask& ask) {
  switch (ask.kind) {
    case AskKind::File:
      return fmt::format("the file `{}`", printable(ask.name));
    case AskKind::Git:
      return fmt::format("`{}` of the repository `{}`", printable(ask.rev), printable(ask.name));
    case AskKind::Image:
      return fmt::format("the image `{}`", printable(ask.name));
  }
  return {};
}

std::string asked_by(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  return fmt::format("`{}` asks for it, declared at {}:{}", printable(label_of(graph, id)),
                     printable(graph.str(node.manifest)), node.line);
}

}  // namespace

void add_lock_fault(Context& context, const std::string& name, std::string text,
                    const LockFault& fault) {
  const SourceId source = context.sources.add(name, std::move(text));
  Diagnostic& said =
      context.found.error("E423", {source, fault.begin, fault.end},
                          fmt::format("the lock file cannot be used: {}", fault.message));
  if (!fault.help.empty()) said.helps.push_back(fault.help);
}

std::optional<LockFile> read_lock(Context& context, const lang::Workspace& workspace) {
  const std::string path = lock_path(workspace);
  const Result<FileStat> stat = context.files.stat(path);
  if (stat && !stat->exists()) return LockFile();
  Result<std::string> text = context.files.read(path);
  if (!text) {
    add_fault(context, "E912", text.error().message);
    return std::nullopt;
  }
  std::expected<LockFile, LockFault> lock = parse_lock(*text);
  if (lock) return *std::move(lock);
  add_lock_fault(context, std::string(kLockName), *std::move(text), lock.error());
  return std::nullopt;
}

bool write_lock(Context& context, const lang::Workspace& workspace, const LockFile& lock) {
  const std::string path = lock_path(workspace);
  const Result<FileStat> stat = context.files.stat(path);
  if (stat && !stat->exists() && lock.empty()) return true;
  const std::string text = show_lock(lock);
  const Result<std::string> before = context.files.read(path);
  if (before && *before == text) return true;
  constexpr std::uint32_t kMode = 0644;
  const Status written = context.files.write(path, text, kMode, true);
  if (!written) add_fault(context, "E912", written.error().message);
  return written.has_value();
}

std::vector<exec::NodeAsk> unlocked(const Graph& graph, std::span<const NodeId> nodes) {
  std::vector<exec::NodeAsk> asks = exec::asks_of_nodes(graph, nodes);
  std::erase_if(asks, [](const exec::NodeAsk& one) { return one.asked.locked.has_value(); });
  return asks;
}

void refuse_unlocked(Context& context, const Graph& graph, std::span<const exec::NodeAsk> asks) {
  for (const exec::NodeAsk& one : asks) {
    add_fault(context, "E917", fmt::format("{} is not in {}", in_words(one.asked.ask), kLockName),
              {asked_by(graph, one.node),
               fmt::format("`devgraph lock {}` writes what it stands for now",
                           shell_word(label_of(graph, graph.node(one.node).counts_with)))});
  }
}

void add_ask_fault(Context& context, const Graph& graph, const exec::NodeAsk& ask,
                   const Error& error) {
  add_fault(context, "E918",
            fmt::format("cannot find out what {} is: {}", in_words(ask.asked.ask), error.message),
            {asked_by(graph, ask.node)});
}

int run_stoppable(Context& context, const lang::Workspace& workspace, bool looks_only,
                  const std::function<int(const std::function<bool()>&)>& body) {
  // It takes the signals over; nothing is run by it.
  const Result<std::unique_ptr<exec::ProcessRunner>> runner = exec::ProcessRunner::create({});
  if (!runner) return refuse(context, "E912", runner.error().message);
  const auto interrupted = [&] { return (*runner)->stop_signal() != 0; };
  int status = kExitDone;
  if (looks_only) {
    status = body(interrupted);
  } else {
    const Result<Locked> locked = take_lock(context, workspace, interrupted);
    if (locked) status = body(interrupted);
    if (!locked && !interrupted()) return refuse_lock(context, locked.error());
  }
  if (!interrupted()) return status;
  constexpr int kSignalBase = 128;
  const int signal = (*runner)->stop_signal();
  context.console.talk(fmt::format("stopped by {}\n", exec::signal_name(signal)));
  return kSignalBase + signal;
}

std::string short_value(const std::string& value) {
  const std::size_t colon = value.rfind(':');
  return value.substr(colon == std::string::npos ? 0 : colon + 1, kShort);
}

std::vector<NodeId> all_nodes(const Graph& graph) {
  std::vector<NodeId> nodes;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i)
    nodes.push_back(NodeId{i});
  return nodes;
}

std::vector<Ask> drop_unasked(const Graph& graph, LockFile& lock) {
  if (has_waiting(graph)) return {};
  std::set<Ask> asked;
  for (const exec::NodeAsk& one : exec::asks_of_nodes(graph, all_nodes(graph)))
    asked.insert(one.asked.ask);
  std::vector<Ask> dropped;
  std::erase_if(lock.outside, [&](const auto& entry) {
    if (asked.contains(entry.first)) return false;
    dropped.push_back(entry.first);
    return true;
  });
  return dropped;
}

std::vector<Result<std::string>> ask_outside(Context& context, const Graph& graph,
                                             exec::AskOptions options,
                                             std::span<const exec::NodeAsk> asks) {
  options.slow = [&](const exec::NodeAsk& one) {
    if (context.console.quiet) return;
    const bool is_file = one.asked.ask.kind == AskKind::File;
    context.console.talk(
        fmt::format("{} {}\n", is_file ? "downloading" : "asking for", in_words(one.asked.ask)));
  };
  return exec::ask_outside(graph, context.files, options, asks);
}

bool lock_names(Context& context, const lang::Workspace& workspace, const Graph& graph,
                std::span<const exec::NodeAsk> asks, const std::function<bool()>& interrupted) {
  std::optional<LockFile> lock = read_lock(context, workspace);
  if (!lock) return false;
  const std::vector<Result<std::string>> answers =
      ask_outside(context, graph,
                  {.workspace = workspace.root, .keep = true, .interrupted = interrupted}, asks);
  bool is_whole = true;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const Ask& ask = asks[i].asked.ask;
    if (!answers[i]) {
      add_ask_fault(context, graph, asks[i], answers[i].error());
      is_whole = false;
      continue;
    }
    lock->outside.insert_or_assign(ask, *answers[i]);
    if (context.console.quiet) continue;
    context.console.talk(
        fmt::format("locked {}: {}\n", printable(show(ask)), printable(*answers[i])));
  }
  return write_lock(context, workspace, *lock) && is_whole;
}

}  // namespace devgraph::cli
