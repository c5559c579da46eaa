#include "engine/exec/portable.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/exec/frontier.h"
#include "engine/exec/outside.h"
#include "engine/exec/portable_keys.h"
#include "engine/exec/survey.h"
#include "engine/exec/tally.h"
#include "engine/graph/order.h"

namespace devgraph::exec {
namespace {

bool is_seed(const Node& node) {
  return (node.flags & node_flags::kSeed) != 0;
}

PortableContent content_of(const store::MadeOutput& made) {
  char mark = made.executable ? '*' : ' ';
  if (made.kind == store::MadeKind::Tree) mark = '/';
  if (made.kind == store::MadeKind::Link) mark = '@';
  return {mark, made.sha};
}

/// The inputs that a command told of, without those of this machine.
std::vector<std::string> found_of(const store::Made& made) {
  std::vector<std::string> found;
  for (const store::MadeDep& dep : made.deps()) {
    if (!dep.path.starts_with('/')) found.emplace_back(dep.path);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t digest_of_asked(const Asked& asked) {
  return short_digest(show(asked.ask) + " " + asked.locked.value_or(""));
}

/// The line of a node that is fresh, from what the record says of its last run.
Result<LockedNode> locked_node(const Graph& graph, NodeId id, const store::Made& made,
                               PortableKeys& keys) {
  LockedNode node;
  node.found = found_of(made);
  const Result<Sha256> key = keys.key(id, node.found);
  if (!key) return std::unexpected(key.error());
  node.key = *key;
  node.does = keys.does(id);
  node.reads = digest_of_names(keys.read_names(id, node.found));
  for (const Asked& asked : asks_of(graph, id))
    node.asked.push_back(digest_of_asked(asked));
  std::sort(node.asked.begin(), node.asked.end());
  for (std::size_t i = 0; i < made.output_count(); ++i) {
    const PortableContent content = content_of(made.output(i));
    node.outputs.emplace_back(graph.str(graph.outputs(id)[i].field), content);
    keys.set_output(graph.output_id(id, i), content);
  }
  return node;
}

/// `check` against a lock file, node by node.
class LockedCheck {
 public:
  LockedCheck(const Graph& graph, PortableKeys& keys, const LockFile& lock)
      : graph_(graph), keys_(keys), lock_(lock), stale_(graph.node_count()) {}

  Result<std::vector<StaleNode>> run(const std::vector<NodeId>& order);

 private:
  using Reason = Result<std::optional<std::string>>;
  Reason own_reason(NodeId id, const LockedNode& locked);
  Reason input_reason(NodeId id, const LockedNode& locked);
  Reason output_reason(NodeId id, const LockedNode& locked);
  Reason seed_reason(NodeId id);
  /// What differs in all but inputs; none: nothing.
  std::optional<std::string> static_reason(NodeId id, const LockedNode& locked) const;
  std::string gone_name(std::uint64_t names) const;
  Status judge(NodeId id, std::vector<StaleNode>& found);

  const Graph& graph_;
  PortableKeys& keys_;
  const LockFile& lock_;
  IdVec<NodeId, std::uint8_t> stale_;
};

/// A name that the lock file knows and whose digest is this one: the one that a node reads no more.
std::string LockedCheck::gone_name(std::uint64_t names) const {
  for (const auto& [path, content] : lock_.sources) {
    if (short_digest("./" + path) == names) return "./" + path;
  }
  for (const auto& [label, node] : lock_.nodes) {
    if (short_digest(label) == names) return label;
  }
  return {};
}

/// What differs in what the node reads; none: nothing that the lock file tells of.
LockedCheck::Reason LockedCheck::input_reason(NodeId id, const LockedNode& locked) {
  std::vector<std::string> paths = sources_of(graph_, id);
  paths.insert(paths.end(), locked.found.begin(), locked.found.end());
  std::string added;
  for (const std::string& path : paths) {
    const auto before = lock_.sources.find(path);
    if (before == lock_.sources.end()) {
      if (added.empty()) added = path;
      continue;
    }
    const Result<std::optional<PortableContent>> now = keys_.content_of_path(path);
    if (!now) return std::unexpected(now.error());
    if (!*now) return fmt::format("./{} is gone", printable(path));
    if (**now != before->second) return fmt::format("./{} changed", printable(path));
  }
  const std::vector<std::string> names = keys_.read_names(id, locked.found);
  const std::uint64_t differing = digest_of_names(names) ^ locked.reads;
  if (differing == 0) return std::nullopt;
  if (!added.empty()) return fmt::format("./{} is new", printable(added));
  for (const std::string& name : names) {
    if (short_digest(name) == differing) return fmt::format("{} is new", printable(name));
  }
  const std::string gone = gone_name(differing);
  if (!gone.empty()) return fmt::format("{} is gone", printable(gone));
  return "it reads other files than before";
}

/// A file that is part of the tree is there in a clone, too.
LockedCheck::Reason LockedCheck::output_reason(NodeId id, const LockedNode& locked) {
  for (const Output& output : graph_.outputs(id)) {
    if (output.in_tree == 0 || output.kind == OutputKind::Tree) continue;
    const Result<std::optional<PortableContent>> now = keys_.content_in_place(output);
    if (!now) return std::unexpected(now.error());
    if (!*now) continue;
    for (const auto& [field, content] : locked.outputs) {
      if (field == graph_.str(output.field) && content != **now)
        return fmt::format("output {} was altered", printable(graph_.str(output.path)));
    }
  }
  return std::nullopt;
}

LockedCheck::Reason LockedCheck::seed_reason(NodeId id) {
  for (const Output& output : graph_.outputs(id)) {
    const Result<std::optional<PortableContent>> now = keys_.content_in_place(output);
    if (!now) return std::unexpected(now.error());
    if (!*now) return fmt::format("output {} missing", printable(graph_.str(output.path)));
  }
  return std::nullopt;
}

std::optional<std::string> LockedCheck::static_reason(NodeId id, const LockedNode& locked) const {
  if (keys_.does(id) == locked.does) return std::nullopt;
  for (const Asked& asked : asks_of(graph_, id)) {
    if (!std::binary_search(locked.asked.begin(), locked.asked.end(), digest_of_asked(asked)))
      return fmt::format("{} is not what it was built with", printable(show(asked.ask)));
  }
  return "script, values or environment changed";
}

/// Why a node that reads nothing stale is stale; none: it is fresh.
LockedCheck::Reason LockedCheck::own_reason(NodeId id, const LockedNode& locked) {
  const Result<Sha256> key = keys_.key(id, locked.found);
  if (!key) return std::unexpected(key.error());
  if (*key == locked.key) return output_reason(id, locked);
  Reason reason = input_reason(id, locked);
  if (!reason || *reason) return reason;
  reason = static_reason(id, locked);
  if (*reason) return reason;
  return "what it reads of other nodes changed";
}

Status LockedCheck::judge(NodeId id, std::vector<StaleNode>& found) {
  const Node& node = graph_.node(id);
  std::optional<NodeId> because;
  for_producers(graph_, id, [&](NodeId need) {
    if (stale_[need] != 0 && !because) because = need;
  });
  const auto locked = lock_.nodes.find(label_of(graph_, id));
  Reason reason = std::nullopt;
  if (node.kind == ActionKind::Group) {
    stale_[id] = because ? 1 : 0;
    return {};
  }
  if (is_seed(node)) {
    reason = seed_reason(id);
  } else if (locked == lock_.nodes.end()) {
    reason = fmt::format("not in {}", kLockName);
  } else if (because) {
    reason = input_reason(id, locked->second);
    if (reason && !*reason) reason = static_reason(id, locked->second);
  } else {
    reason = own_reason(id, locked->second);
  }
  if (!reason) return std::unexpected(reason.error());
  if (*reason || because) {
    stale_[id] = 1;
    StaleNode one;
    one.node = id;
    one.because_of_input = !*reason;
    one.reason = *reason ? **reason : fmt::format("{} is stale", label_of(graph_, *because));
    found.push_back(std::move(one));
    return {};
  }
  if (is_seed(node)) return {};
  for (std::size_t i = 0; i < graph_.outputs(id).size(); ++i) {
    for (const auto& [field, content] : locked->second.outputs) {
      if (field == graph_.str(graph_.outputs(id)[i].field))
        keys_.set_output(graph_.output_id(id, i), content);
    }
  }
  return {};
}

Result<std::vector<StaleNode>> LockedCheck::run(const std::vector<NodeId>& order) {
  std::vector<StaleNode> found;
  for (const NodeId id : order) {
    if (Status done = judge(id, found); !done) return std::unexpected(done.error());
  }
  return found;
}

/// A file that was written since the nodes were judged was hashed as something that nobody built.
Result<NodeLocks> confirmed(const Graph& graph, Files& files, const CheckOptions& options,
                            NodeLocks made) {
  Result<std::vector<StaleNode>> stale = check(graph, files, options);
  if (!stale) return std::unexpected(stale.error());
  for (const StaleNode& one : *stale)
    made.nodes.erase(label_of(graph, one.node));
  made.stale = *std::move(stale);
  return made;
}

}  // namespace

std::vector<std::string> sources_of(const Graph& graph, NodeId node) {
  std::vector<std::string> paths;
  const auto add = [&](FileId file) {
    const std::string_view path = graph.str(graph.file(file).path);
    if (!path.starts_with('/')) paths.emplace_back(path);
  };
  for (const InputId id : graph.inputs(node)) {
    const Input& input = graph.input(id);
    if (input.kind == InputKind::Source || input.kind == InputKind::Tool) {
      add(FileId{input.ref});
    } else if (input.kind == InputKind::SourceTree) {
      for (const FileId member : graph.tree_files(TreeId{input.ref}))
        add(member);
    }
  }
  return paths;
}

Result<NodeLocks> lock_nodes(const Graph& graph, Files& files, const CheckOptions& options) {
  Result<std::vector<StaleNode>> stale = check(graph, files, options);
  if (!stale) return std::unexpected(stale.error());
  NodeLocks made{.nodes = {}, .sources = {}, .stale = *std::move(stale)};
  std::set<NodeId> is_stale;
  for (const StaleNode& one : made.stale)
    is_stale.insert(one.node);

  const std::string state = join_path(options.workspace, ".devgraph");
  const store::Record record = store::Record::load(files, state);
  const store::StatIndex index = store::StatIndex::load(files, state);
  const std::vector<NodeId> order = needed_order(graph, options.goals);
  PortableKeys keys(graph, files, options.workspace, order, &index);
  if (Status done = keys.look_at_sources(); !done) return std::unexpected(done.error());
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    if (node.kind == ActionKind::Group || is_seed(node) || is_stale.contains(id)) continue;
    const std::string label = label_of(graph, id);
    const std::optional<store::Made> last = record.last(digest_of(label));
    if (!last) continue;
    Result<LockedNode> locked = locked_node(graph, id, *last, keys);
    if (!locked) return std::unexpected(locked.error());
    std::vector<std::string> paths = sources_of(graph, id);
    paths.insert(paths.end(), locked->found.begin(), locked->found.end());
    for (const std::string& path : paths) {
      const Result<std::optional<PortableContent>> content = keys.content_of_path(path);
      if (!content) return std::unexpected(content.error());
      if (*content) made.sources.insert_or_assign(path, **content);
    }
    made.nodes.emplace(label, *std::move(locked));
  }
  return confirmed(graph, files, options, std::move(made));
}

Result<std::vector<StaleNode>> check_locked(const Graph& graph, Files& files,
                                            const CheckOptions& options, const LockFile& lock) {
  const std::vector<NodeId> order = needed_order(graph, options.goals);
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    if (!options.remote || node.kind != ActionKind::Native) continue;
    const actions::Action* action = actions::find_action(graph.str(node.action));
    if (action == nullptr || action->holds == nullptr) continue;
    return fail(fmt::format("cannot ask whether what {} made is still there: it is not built here",
                            label_of(graph, id)));
  }
  const store::StatIndex index =
      store::StatIndex::load(files, join_path(options.workspace, ".devgraph"));
  PortableKeys keys(graph, files, options.workspace, order, options.paranoid ? nullptr : &index);
  if (Status done = keys.look_at_sources(); !done) return std::unexpected(done.error());
  return LockedCheck(graph, keys, lock).run(order);
}

}  // namespace devgraph::exec
