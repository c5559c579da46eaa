#include "engine/exec/node_log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/graph/label.h"

namespace devgraph::exec {
namespace {

constexpr unsigned kKept = 10;

/// `a.log` -> `a.log.3`, which is the log of no other node: `a.3.log` could be.
std::string numbered(const std::string& path, unsigned number) {
  return fmt::format("{}.{}", path, number);
}

}  // namespace

NodeLogs::NodeLogs(const Graph& graph, Files& files, std::string workspace, std::string state)
    : graph_(graph), files_(files), workspace_(std::move(workspace)), state_(std::move(state)) {}

std::string NodeLogs::full_path(NodeId id) const {
  return fmt::format("{}/log/{}.log", state_, log_stem(graph_, id));
}

std::string NodeLogs::path(NodeId id) const {
  std::string full = full_path(id);
  if (is_within(full, workspace_)) return std::string(relative_to(full, workspace_));
  return full;
}

Status NodeLogs::move_aside(const std::string& path) const {
  const auto exists = [&](const std::string& name) {
    const Result<FileStat> stat = files_.lstat(name);
    return stat && stat->exists();
  };
  if (!exists(path)) return {};
  unsigned last = 0;
  while (last < kKept && exists(numbered(path, last + 1)))
    ++last;
  for (unsigned i = std::min(last, kKept - 1); i > 0; --i) {
    if (Status done = files_.rename(numbered(path, i), numbered(path, i + 1)); !done) return done;
  }
  return files_.rename(path, numbered(path, 1));
}

std::string NodeLogs::header(NodeId id, unsigned attempt) const {
  const Node& node = graph_.node(id);
  std::string out = fmt::format("# {}", label_of(graph_, id));
  if (attempt > 1) out += fmt::format(", attempt {}", attempt);
  const std::string_view manifest = graph_.str(node.manifest);
  if (!manifest.empty()) out += fmt::format("\n# {}:{}", printable(manifest), node.line);
  if (node.kind == ActionKind::Native) out += fmt::format("\n# {}", graph_.str(node.action));
  for (const ScriptLine& line : graph_.lines(graph_.script(node.script))) {
    out += fmt::format("\n# $ {}", printable(graph_.str(line.shown)));
  }
  if (graph_.value(node.env).tag == ValueTag::Map) {
    std::string names;
    for (const Field& field : graph_.fields(graph_.value(node.env))) {
      names += fmt::format(" {}", printable(graph_.str(field.name)));
    }
    if (!names.empty()) out += fmt::format("\n# environment:{}", names);
  }
  for (const Output& output : graph_.outputs(id)) {
    out += fmt::format("\n# output: {}", printable(graph_.str(output.path)));
  }
  return out + "\n\n";
}

Result<std::unique_ptr<AppendFile>> NodeLogs::start(NodeId id, unsigned attempt) {
  const std::string path = full_path(id);
  std::string folder(parent_path(path));
  if (!folders_.contains(folder)) {
    if (Status done = files_.make_folders(folder); !done) return std::unexpected(done.error());
    folders_.insert(std::move(folder));
  }
  if (Status done = move_aside(path); !done) return std::unexpected(done.error());
  Result<std::unique_ptr<AppendFile>> out = files_.append_to(path, 0);
  if (!out) return out;
  if (Status done = (*out)->append(header(id, attempt)); !done) {
    return std::unexpected(done.error());
  }
  return out;
}

std::string NodeLogs::tail_bytes(NodeId id, std::size_t limit) const {
  const Result<std::unique_ptr<MappedFile>> mapped = files_.map(full_path(id));
  if (!mapped) return {};
  const std::string_view bytes = (*mapped)->bytes();
  return std::string(bytes.substr(bytes.size() > limit ? bytes.size() - limit : 0));
}

std::vector<std::string> last_lines(std::string_view text, std::size_t count) {
  constexpr std::size_t kLongest = 4096;
  std::vector<std::string> lines;
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  while (!text.empty() && lines.size() < count) {
    const std::size_t newline = text.rfind('\n');
    std::string_view line = newline == text.npos ? text : text.substr(newline + 1);
    lines.emplace_back(line.substr(0, kLongest));
    text = newline == text.npos ? std::string_view() : text.substr(0, newline);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::string log_footer(std::string_view what, std::chrono::milliseconds time) {
  return fmt::format("\n# {}, {}\n", what, human_duration(time));
}

}  // namespace devgraph::exec
