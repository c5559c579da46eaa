#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/goals.h"
#include "engine/cli/json.h"
#include "engine/cli/load_graph.h"
#include "engine/cli/past.h"
#include "engine/store/cas.h"
#include "engine/store/tree.h"

namespace devgraph::cli {
namespace {

using store::TreeEntry;
using store::TreeEntryKind;
using store::TreeManifest;

/// What is compared: a folder, or one file as if it lay in one.
struct Side {
  TreeManifest tree;
  bool is_file = false;
};

Side side_of_file(std::string_view path, std::uint64_t size, bool executable,
                  const Digest& content) {
  TreeEntry entry;
  entry.path = base_name(path);
  entry.size = size;
  entry.executable = executable;
  entry.content = content;
  return Side{TreeManifest{{std::move(entry)}}, true};
}

/// Finds what a word names.
class Sides {
 public:
  Sides(Context& context, lang::Workspace workspace)
      : context_(context),
        workspace_(std::move(workspace)),
        state_(join_path(workspace_.root, kStateFolder)),
        index_(store::StatIndex::load(context.files, state_)) {}

  /// None: the fault is in `context.found`.
  std::optional<Side> find(const std::string& word);

 private:
  std::optional<Side> in_place(const std::string& word, const std::string& path);
  std::optional<Side> of_label(const std::string& word);
  std::optional<Side> of_revision(const std::string& word, std::size_t colon);
  std::optional<std::size_t> output_of(const Graph& graph, const std::string& word, NodeId node);
  std::optional<NodeId> one_node(const Graph& graph, const std::string& label);
  std::optional<Side> refuse_word(const std::string& word, const std::string& why);

  Context& context_;
  lang::Workspace workspace_;
  std::string state_;
  store::StatIndex index_;
};

std::optional<Side> Sides::refuse_word(const std::string& word, const std::string& why) {
  add_fault(context_, "E921", fmt::format("`{}` cannot be compared: {}", printable(word), why),
            {"a folder or file is named by a path, a label, or REVISION:LABEL"});
  return std::nullopt;
}

std::optional<Side> Sides::find(const std::string& word) {
  const std::string path = word.starts_with('/') ? word : join_path(context_.folder, word);
  const Result<FileStat> stat = context_.files.stat(path);
  if (stat && stat->exists() && !word.starts_with("//")) return in_place(word, path);
  const std::size_t colon = word.find(':');
  if (colon == std::string::npos || colon == 0 || word.starts_with("//")) return of_label(word);
  // `sub:x` is a label where `sub` is a project.
  const std::string manifest =
      join_path(context_.folder, word.substr(0, colon) + "/build.devgraph");
  const Result<FileStat> project = context_.files.stat(manifest);
  return project && project->exists() ? of_label(word) : of_revision(word, colon);
}

std::optional<Side> Sides::in_place(const std::string& word, const std::string& path) {
  const std::optional<std::string> full = canonical(path.substr(1));
  const std::string absolute = full ? "/" + *full : path;
  // By the names of the index, so that what is known of the files need not be read.
  const bool ours = is_within(absolute, workspace_.root) && absolute != workspace_.root;
  const std::string name = ours ? std::string(relative_to(absolute, workspace_.root)) : absolute;
  store::Look look{.workspace = workspace_.root, .now = 0, .follow = false};
  Result<std::optional<TreeManifest>> tree = store::read_tree(context_.files, index_, look, name);
  if (!tree) return refuse_word(word, tree.error().message);
  if (*tree) return Side{std::move(**tree), false};
  look.follow = true;
  const std::string_view view = name;
  const store::FileFact fact = store::look_at(context_.files, index_, look, {&view, 1})[0];
  if (!fact.error.empty()) return refuse_word(word, fact.error);
  if (fact.stat.kind != FileKind::Regular) {
    return refuse_word(word, "it is neither a folder nor a file");
  }
  return side_of_file(name, fact.stat.size, fact.stat.executable, fact.content);
}

std::optional<NodeId> Sides::one_node(const Graph& graph, const std::string& label) {
  const auto labels = parse_labels(context_, workspace_, std::span(&label, 1));
  if (!labels) return std::nullopt;
  const auto nodes = select_nodes(context_, graph, *labels);
  if (!nodes) return std::nullopt;
  if (nodes->size() == 1) return (*nodes)[0];
  refuse_word(label, fmt::format("it stands for {} nodes", nodes->size()));
  return std::nullopt;
}

/// The output that counts: `out`, or else the first folder, or the first.
std::optional<std::size_t> Sides::output_of(const Graph& graph, const std::string& word,
                                            NodeId node) {
  const std::span<const Output> outputs = graph.outputs(node);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (graph.str(outputs[i].field) == "out") return i;
    const bool tree = outputs[i].kind == OutputKind::Tree;
    if (!found || (tree && outputs[*found].kind != OutputKind::Tree)) found = i;
  }
  if (!found) refuse_word(word, "this node makes nothing");
  return found;
}

std::optional<Side> Sides::of_label(const std::string& word) {
  const auto labels = parse_labels(context_, workspace_, std::span(&word, 1));
  if (!labels) return std::nullopt;
  const std::optional<Graph> graph =
      load_graph(context_, workspace_, demanded_projects(workspace_, *labels), Save::No);
  if (!graph) return std::nullopt;
  const std::optional<NodeId> node = one_node(*graph, word);
  if (!node) return std::nullopt;
  const std::optional<std::size_t> output = output_of(*graph, word, *node);
  if (!output) return std::nullopt;
  const std::string path(graph->str(graph->outputs(*node)[*output].path));
  const std::string full = join_path(workspace_.root, path);
  const Result<FileStat> stat = context_.files.stat(full);
  if (stat && stat->exists()) return in_place(word, full);
  return refuse_word(word, "it is not built");
}

std::optional<Side> Sides::of_revision(const std::string& word, std::size_t colon) {
  const std::string label = word.substr(colon + 1);
  const std::unique_ptr<Past> past = Past::open(context_, workspace_, word.substr(0, colon));
  if (!past) return std::nullopt;
  const std::optional<NodeId> node = one_node(past->graph(), label);
  if (!node) return std::nullopt;
  const std::optional<std::size_t> output = output_of(past->graph(), word, *node);
  if (!output) return std::nullopt;
  if (const Status done = past->look_up({*node}); !done) {
    return refuse_word(word, done.error().message);
  }
  const std::optional<store::Made> made = past->result(*node);
  if (!made) {
    const NodeId unknown = past->first_unknown(*node).value_or(*node);
    return refuse_word(word, fmt::format("no result of {} for its inputs of then is kept here",
                                         label_of(past->graph(), unknown)));
  }
  const store::MadeOutput one = made->output(*output);
  if (one.kind == store::MadeKind::File) {
    return side_of_file(one.path, one.size, one.executable, one.content);
  }
  const std::optional<std::string> bytes = past->cas().get(one.sha);
  std::optional<TreeManifest> tree = bytes ? store::decode_tree(*bytes) : std::nullopt;
  if (!tree) return refuse_word(word, "its contents are not kept here any more");
  return Side{std::move(*tree), false};
}

enum class Kind : std::uint8_t { Added, Removed, Changed, Renamed };

constexpr std::array<char, 4> kSigns = {'+', '-', '~', '>'};
constexpr std::array<const char*, 4> kWords = {"added", "removed", "changed", "renamed"};

struct Change {
  Kind kind;
  const TreeEntry* before = nullptr;  ///< None of one that was added.
  const TreeEntry* after = nullptr;   ///< None of one that was removed.

  const TreeEntry& one() const { return after != nullptr ? *after : *before; }
};

bool is_same(const TreeEntry& a, const TreeEntry& b) {
  return a.kind == b.kind && a.executable == b.executable && a.content == b.content &&
         a.target == b.target;
}

/// Both are sorted by path. Folders count by what is in them.
std::vector<Change> differences(const TreeManifest& before, const TreeManifest& after) {
  std::vector<Change> found;
  auto a = before.entries.begin();
  auto b = after.entries.begin();
  while (a != before.entries.end() || b != after.entries.end()) {
    const bool left = a != before.entries.end() && (b == after.entries.end() || a->path <= b->path);
    const bool right = b != after.entries.end() && (!left || a->path == b->path);
    const Change change{left && right ? Kind::Changed
                        : left        ? Kind::Removed
                                      : Kind::Added,
                        left ? &*a : nullptr, right ? &*b : nullptr};
    if (left) ++a;
    if (right) ++b;
    if (left && right ? is_same(*change.before, *change.after)
                      : change.one().kind == TreeEntryKind::Folder)
      continue;
    found.push_back(change);
  }
  return found;
}

/// One that is gone and one that is new with the same content are one that has another name; with
/// several of one content, those of one name in another folder first.
void pair_renamed(std::vector<Change>& changes) {
  std::map<Digest, std::vector<Change*>> gone;
  for (Change& change : changes) {
    const TreeEntry& one = change.one();
    const bool counts =
        one.kind == TreeEntryKind::File && one.size > 0;  // All empty ones are alike.
    if (change.kind == Kind::Removed && counts) gone[one.content].push_back(&change);
  }
  for (const bool by_name : {true, false}) {
    for (Change& change : changes) {
      if (change.kind != Kind::Added || change.after->kind != TreeEntryKind::File) continue;
      const auto same = gone.find(change.after->content);
      if (same == gone.end()) continue;
      const auto from =
          std::find_if(same->second.begin(), same->second.end(), [&](const Change* old) {
            return old->before != nullptr && old->before->executable == change.after->executable &&
                   (!by_name || base_name(old->before->path) == base_name(change.after->path));
          });
      if (from == same->second.end()) continue;
      change.kind = Kind::Renamed;
      change.before = std::exchange((*from)->before, nullptr);
    }
  }
  std::erase_if(changes, [](const Change& change) { return !change.before && !change.after; });
}

std::string shape(const TreeEntry& entry) {
  if (entry.kind == TreeEntryKind::Folder) return "a folder";
  if (entry.kind == TreeEntryKind::Link) return "a link to " + printable(entry.target);
  return entry.executable ? human_size(entry.size) + ", executable" : human_size(entry.size);
}

std::string line_of(const Change& change) {
  const char sign = kSigns.at(static_cast<std::size_t>(change.kind));
  const std::string path = printable(change.one().path);
  if (change.kind == Kind::Renamed) {
    return fmt::format("{} {} -> {}  {}\n", sign, printable(change.before->path), path,
                       shape(*change.after));
  }
  if (change.kind != Kind::Changed)
    return fmt::format("{} {}  {}\n", sign, path, shape(change.one()));
  const std::string before = shape(*change.before);
  const std::string after = shape(*change.after);
  return before == after ? fmt::format("{} {}  {}\n", sign, path, after)
                         : fmt::format("{} {}  {} -> {}\n", sign, path, before, after);
}

struct Total {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

Total total_of(const TreeManifest& tree) {
  Total total;
  for (const TreeEntry& entry : tree.entries) {
    if (entry.kind == TreeEntryKind::Folder) continue;
    ++total.files;
    total.bytes += entry.size;
  }
  return total;
}

std::string in_words(const Total& total) {
  return fmt::format("{} file{}, {}", total.files, total.files == 1 ? "" : "s",
                     human_size(total.bytes));
}

Json json_of(const Total& total) {
  return {{"files", total.files}, {"bytes", total.bytes}};
}

void print(Context& context, const TreeManifest& before, const TreeManifest& after) {
  std::vector<Change> changes = differences(before, after);
  pair_renamed(changes);
  std::array<std::size_t, 4> counts{};
  Json list = Json::array();
  const bool json = context.options.format == "json";
  for (const Change& change : changes) {
    const auto kind = static_cast<std::size_t>(change.kind);
    ++counts.at(kind);
    if (!json) {
      context.console.data(line_of(change));
      continue;
    }
    Json row = {{"path", json_text(change.one().path)}, {"change", kWords.at(kind)}};
    if (change.kind == Kind::Renamed) row["from"] = json_text(change.before->path);
    if (change.before != nullptr) row["bytes_before"] = change.before->size;
    if (change.after != nullptr) row["bytes"] = change.after->size;
    list.push_back(std::move(row));
  }
  if (json) {
    Json all = {{"before", json_of(total_of(before))},
                {"after", json_of(total_of(after))},
                {"changes", std::move(list)}};
    for (std::size_t i = 0; i < counts.size(); ++i)
      all[kWords.at(i)] = counts.at(i);
    context.console.data(dump(all));
  }
  if (context.console.quiet) return;
  context.console.talk(fmt::format("{} added, {} removed, {} changed, {} renamed; {} -> {}\n",
                                   counts[0], counts[1], counts[2], counts[3],
                                   in_words(total_of(before)), in_words(total_of(after))));
}

}  // namespace

int data_command(Context& context) {
  const std::vector<std::string>& typed = context.options.words;
  if (typed[0] != "diff") {
    add_fault(context, "E901",
              fmt::format("`devgraph data {}` is no command; write  devgraph data diff A B",
                          printable(typed[0])));
    return refuse(context);
  }
  const std::optional<lang::Workspace> workspace = open_workspace(context);
  if (!workspace) return refuse(context);
  Sides sides(context, *workspace);
  const std::optional<Side> before = sides.find(typed[1]);
  std::optional<Side> after = before ? sides.find(typed[2]) : std::nullopt;
  if (!before || !after) return refuse(context);
  // One file is compared with another one whatever they are called.
  if (before->is_file && after->is_file) after->tree.entries[0].path = before->tree.entries[0].path;
  print(context, before->tree, after->tree);
  return kExitDone;
}

}  // namespace devgraph::cli
