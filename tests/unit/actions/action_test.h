#pragma once
/// One native action in a temporary folder: inputs are written there, the action runs, outputs are
/// read back.

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "engine/actions/action.h"
#include "engine/base/path.h"
#include "engine/graph/builder.h"
#include "tests/support/temp_folder.h"

namespace devgraph::actions {

class Bench {
 public:
  GraphBuilder graph;

  /// Writes a source file and returns it as an input.
  InputId source(const std::string& name, std::string_view text, std::uint32_t mode = 0644) {
    const std::string path = folder_ / ("ws/" + name);
    REQUIRE(files_.make_folders(std::string(parent_path(path))));
    REQUIRE(files_.write(path, text, mode, false));
    Input row;
    row.kind = InputKind::Source;
    row.ref = static_cast<std::uint32_t>(graph.file(name));
    row.name = graph.str(name);
    return graph.add_input(row);
  }

  /// A source tree of files that are there already.
  InputId tree(const std::string& name, const std::vector<std::string>& members) {
    std::vector<FileId> ids;
    for (const std::string& member : members)
      ids.push_back(graph.file(name + "/" + member));
    Input row;
    row.kind = InputKind::SourceTree;
    row.ref = static_cast<std::uint32_t>(graph.tree(name, ids));
    row.name = graph.str(name);
    return graph.add_input(row);
  }

  ValueId list(const std::vector<ValueId>& items) { return graph.list(ValueTag::List, items); }
  ValueId map(const std::vector<std::pair<std::string, ValueId>>& fields) {
    std::vector<Field> rows;
    for (const auto& [name, value] : fields)
      rows.push_back({graph.str(name), value});
    return graph.map(rows);
  }

  /// Runs the action once. `tree_output`: its output is a folder.
  Status run(std::string_view action, const std::vector<std::pair<std::string, ValueId>>& args,
             bool tree_output = false) {
    const NodeId node = graph.add_node();
    Output output;
    output.kind = tree_output ? OutputKind::Tree : OutputKind::File;
    output.field = graph.str("out");
    output.declared = graph.str("made");
    output.path = graph.str("out/x/made");
    Node row;
    row.kind = ActionKind::Native;
    row.name = graph.str("x");
    row.action = graph.str(action);
    row.args = map(args);
    row.outputs = graph.add_outputs(node, {output});
    row.counts_with = node;
    row.traits = graph.traits(Traits{});
    graph.set_node(node, row);
    const Graph made = graph.finish();
    return run(made, node, action, tree_output);
  }

  std::string out() const { return folder_ / "scratch-out/made"; }
  std::string text() { return files_.read(out()).value_or("<none>"); }
  std::string workspace() const { return folder_ / "ws"; }
  const TempFolder& folder() const { return folder_; }
  DiskFiles& files() { return files_; }
  std::vector<std::string> log;
  std::atomic<bool> stopping = false;
  std::vector<InputId> missing;

  /// Every file, link and folder of the output: path -> content, `-> target`, or `/`; `*` before
  /// the content of an executable file.
  std::map<std::string, std::string> listing() {
    std::map<std::string, std::string> found;
    add(found, "");
    return found;
  }

 private:
  Status run(const Graph& made, NodeId node, std::string_view name, bool tree_output) {
    const std::string scratch = folder_ / "scratch";
    REQUIRE(files_.remove_all(scratch));
    REQUIRE(files_.remove_all(folder_ / "scratch-out"));
    REQUIRE(files_.make_folders(scratch));
    REQUIRE(files_.make_folders(tree_output ? out() : folder_ / "scratch-out"));
    const Context context{.graph = made,
                          .node = node,
                          .files = files_,
                          .workspace = workspace(),
                          .scratch = scratch,
                          .path_of =
                              [&](InputId id) {
                                const Input& input = made.input(id);
                                const StrId path = input.kind == InputKind::SourceTree
                                                       ? made.tree(TreeId{input.ref}).path
                                                       : made.file(FileId{input.ref}).path;
                                return join_path(workspace(), made.str(path));
                              },
                          .out_path = [&](std::size_t) { return out(); },
                          .log = [&](std::string_view line) { log.emplace_back(line); },
                          .stopping = stopping,
                          .missing = missing};
    const Action* action = find_action(name);
    REQUIRE(action != nullptr);
    return action->run(context);
  }

  void add(std::map<std::string, std::string>& found, const std::string& inside) {
    const auto entries = files_.list(join_path(out(), inside));
    REQUIRE(entries);
    for (const FolderEntry& entry : *entries) {
      const std::string name = join_path(inside, entry.name);
      const std::string path = join_path(out(), name);
      if (entry.kind == FileKind::Folder) {
        found[name] = "/";
        add(found, name);
      } else if (entry.kind == FileKind::Symlink) {
        found[name] = "-> " + files_.read_link(path).value_or("?");
      } else {
        const bool executable = files_.stat(path)->executable;
        found[name] = (executable ? "*" : "") + files_.read(path).value_or("?");
      }
    }
  }

  TempFolder folder_;
  DiskFiles files_;
};

inline std::string message(const Status& status) {
  return status ? std::string() : status.error().message;
}

}  // namespace devgraph::actions
