#include "engine/exec/hints.h"

#include <algorithm>
#include <optional>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

constexpr std::size_t kMost = 5;

/// The words of a message that may be relative paths, without quotes and `./`.
std::vector<std::string_view> relative_names(std::string_view line) {
  constexpr std::string_view kAround = "'\"`:,";
  std::vector<std::string_view> out;
  for (std::string_view name : split(line, ' ')) {
    while (!name.empty() && kAround.find(name.back()) != kAround.npos)
      name.remove_suffix(1);
    while (!name.empty() && kAround.find(name.front()) != kAround.npos)
      name.remove_prefix(1);
    while (name.starts_with("./"))
      name.remove_prefix(2);
    if (!name.empty() && !name.starts_with('/')) out.push_back(name);
  }
  return out;
}

/// Collects hints for one command.
class Hints {
 public:
  Hints(const Stage& stage, NodeId node, const Command& command)
      : stage_(stage), node_(node), command_(command) {}

  void read_line(std::string_view line);
  std::vector<std::string> take() { return std::move(found_); }

 private:
  void denied(std::string_view line);
  void denied_path(const std::string& path);
  void absent(std::string_view line);
  void not_found(std::string_view line);
  void add(std::string hint);
  std::optional<std::string> existing_path(std::string_view text) const;
  std::string shown(std::string_view path) const;
  bool is_declared(std::string_view path) const;

  const Stage& stage_;
  NodeId node_;
  const Command& command_;
  std::vector<std::string> found_;
};

void Hints::add(std::string hint) {
  const bool is_new = std::find(found_.begin(), found_.end(), hint) == found_.end();
  if (is_new && found_.size() < kMost) found_.push_back(std::move(hint));
}

void Hints::read_line(std::string_view line) {
  if (line.find("Permission denied") != line.npos) denied(line);
  if (line.find("No such file or directory") != line.npos) absent(line);
  if (line.find("Argument list too long") != line.npos) {
    add("a program takes about 2 MiB of arguments: pass long lists in a response file, rsp(files)");
  }
  not_found(line);
}

// --- the sandbox
// ----------------------------------------------------------------------------------

/// The longest beginning of a text that is a path of something that exists: where a path ends in a
/// message is not written.
std::optional<std::string> Hints::existing_path(std::string_view text) const {
  constexpr std::string_view kEnds = "'\"`: \t\r,;)]}>";
  std::size_t end = text.size();
  while (end != text.npos && end > 0) {
    std::string path(text.substr(0, end));
    const Result<FileStat> stat = stage_.files.lstat(path);
    if (stat && stat->exists()) return path;
    end = text.find_last_of(kEnds, end - 1);
    // UTF-8 quotes, as GNU programs put around names.
    const std::size_t quote = text.substr(0, end).rfind("\xe2\x80");
    if (end == text.npos || (quote != text.npos && quote > end)) end = quote;
  }
  return std::nullopt;
}

bool Hints::is_declared(std::string_view path) const {
  const auto holds = [path](std::string_view declared) {
    return declared.ends_with('/') ? path.starts_with(declared) : path == declared;
  };
  const SandboxPolicy& policy = command_.sandbox;
  return std::any_of(policy.readable.begin(), policy.readable.end(), holds);
}

/// As the manifest of the node's project would write it.
std::string Hints::shown(std::string_view path) const {
  const std::string_view project = stage_.graph.str(stage_.graph.node(node_).project);
  const std::string_view inside = relative_to(path, stage_.workspace);
  if (is_within(inside, project)) return "./" + printable(relative_to(inside, project));
  return "//" + printable(inside);
}

void Hints::denied(std::string_view line) {
  const SandboxPolicy& policy = command_.sandbox;
  if (!policy.enabled) return;
  for (const char* word : {"connect", "Connect", "socket", "urlopen"}) {
    if (!policy.network && line.find(word) != line.npos) {
      add("this node has no network: `network = true` gives it");
      return;
    }
  }
  for (std::size_t at = line.find('/'); at != line.npos; at = line.find('/', at + 1)) {
    const bool starts =
        at == 0 || std::string_view("'\"`: \t(=[<").find(line[at - 1]) != std::string_view::npos ||
        static_cast<unsigned char>(line[at - 1]) >= 0x80;
    if (!starts) continue;
    const std::optional<std::string> path = existing_path(line.substr(at));
    if (path && path->size() > 1) denied_path(*path);
  }
  // A command that stands in its project names files as they are seen from there.
  if (!is_within(command_.folder, stage_.workspace) || is_within(command_.folder, stage_.state))
    return;
  for (const std::string_view name : relative_names(line)) {
    const std::string path = join_path(command_.folder, name);
    const Result<FileStat> stat = stage_.files.lstat(path);
    if (stat && stat->exists()) denied_path(path);
  }
}

/// `cat: ./a: No such file or directory` where the project has `a`: the script expects to stand
/// there.
void Hints::absent(std::string_view line) {
  if (!is_within(command_.folder, stage_.state)) return;
  const std::string_view project = stage_.graph.str(stage_.graph.node(node_).project);
  const std::string folder = join_path(stage_.workspace, project);
  for (const std::string_view name : relative_names(line)) {
    const Result<FileStat> stat = stage_.files.lstat(join_path(folder, name));
    if (!stat || !stat->exists()) continue;
    add("a command starts in an empty folder: add ./" + printable(name) +
        " to deps, and name it by a hole");
  }
}

void Hints::denied_path(const std::string& path) {
  const bool inside = path != stage_.workspace && is_within(path, stage_.workspace);
  if (!inside) {
    if (path.starts_with("/tmp")) add("temporary files belong into $TMPDIR; /tmp is not visible");
    return;
  }
  if (is_within(path, stage_.state)) return;
  if (is_declared(path)) {
    add(shown(path) + " can only be read: a command writes to {out} and to its own folder");
    return;
  }
  const std::string_view relative = relative_to(path, stage_.workspace);
  for (std::size_t i = 0; i < stage_.graph.output_count(); ++i) {
    const Output& output = stage_.graph.output(OutputId{static_cast<std::uint32_t>(i)});
    if (!is_within(relative, stage_.graph.str(output.path))) continue;
    add("not declared: " + printable(relative) + " is made by " +
        label_of(stage_.graph, output.node) + "; add that node to deps");
    return;
  }
  add("not declared: add " + shown(path) + " to deps");
}

// --- programs
// -------------------------------------------------------------------------------------

/// `bash: line 3: foo: command not found`, `env: 'foo': No such file or directory`.
void Hints::not_found(std::string_view line) {
  std::string_view name;
  if (const std::size_t end = line.find(": command not found"); end != line.npos) {
    const std::size_t begin = line.substr(0, end).rfind(": ");
    name =
        line.substr(begin == line.npos ? 0 : begin + 2, end - (begin == line.npos ? 0 : begin + 2));
  } else if (line.find("env: ") != line.npos &&
             line.find("No such file or directory") != line.npos) {
    name = line.substr(line.find("env: ") + 5);
    name = name.substr(0, name.find(": No such file"));
    for (const std::string_view quote : {"'", "\xe2\x80\x98", "\xe2\x80\x99"}) {
      if (name.starts_with(quote)) name.remove_prefix(quote.size());
      if (name.ends_with(quote)) name.remove_suffix(quote.size());
    }
  }
  if (name.empty() || name.find('/') != name.npos || name.find(' ') != name.npos) return;
  const Value& within = stage_.graph.value(stage_.graph.node(node_).within);
  if (within.tag == ValueTag::Input && !is_venv(stage_.graph, InputId{within.a}))
    return add("the image has no program `" + printable(name) + "`: put it into the image");
  if (within.tag == ValueTag::Input)
    return add("the environment has no program `" + printable(name) +
               "`: add a wheel that brings it, or  tools = [\"" + printable(name) + "\"]");
  add("a command sees the basics and its tools: add  tools = [\"" + printable(name) + "\"]");
}

}  // namespace

std::vector<std::string> failure_hints(const Stage& stage, NodeId node, const Command& command,
                                       std::string_view tail) {
  Hints hints(stage, node, command);
  for (const std::string_view line : split(tail, '\n'))
    hints.read_line(line);
  return hints.take();
}

std::optional<std::string> stray_hint(const Stage& stage, NodeId node, const Command& command,
                                      std::size_t index, const std::string& staged) {
  // In the folder of the project, a file of that name is no sign of this run.
  if (command.folder.empty() || !is_within(command.folder, stage.state)) return std::nullopt;
  const Result<FileStat> made = stage.files.lstat(staged);
  if (!made || made->exists()) return std::nullopt;
  const Output& output = stage.graph.outputs(node)[index];
  const std::string_view declared = stage.graph.str(output.declared);
  for (const std::string_view name : {declared, base_name(declared)}) {
    const Result<FileStat> stray = stage.files.lstat(join_path(command.folder, name));
    if (!stray || !stray->exists()) continue;
    const std::string_view field = stage.graph.str(output.field);
    const std::string hole = field == "out" ? "{out}" : "{out." + std::string(field) + "}";
    return "the command wrote `" + printable(name) + "` into its own folder: write to " + hole +
           " instead";
  }
  return std::nullopt;
}

}  // namespace devgraph::exec
