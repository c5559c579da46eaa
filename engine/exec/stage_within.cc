/// The part of staging that is about what a command may see: the sandbox, a Python environment, the
/// inside of an image.

#include <algorithm>

#include "engine/base/path.h"
#include "engine/exec/staging.h"
#include "engine/exec/within.h"

namespace devgraph::exec {
namespace {

std::string folder_path(std::string path) {
  if (!path.ends_with('/')) path += '/';
  return path;
}

}  // namespace

bool is_venv(const Graph& graph, InputId input) {
  const Input& row = graph.input(input);
  if (row.kind != InputKind::Output) return false;
  const Node& maker = graph.node(graph.output(OutputId{row.ref}).node);
  return maker.kind == ActionKind::Native && graph.str(maker.action) == "venv";
}

/// The Python environment that the node runs within; empty for none.
std::string Staging::venv_folder() const {
  const Value& within = graph_.value(node_.within);
  if (within.tag != ValueTag::Input) return {};
  return is_venv(graph_, InputId{within.a}) ? content_path(InputId{within.a}) : std::string();
}

void Staging::sandbox() {
  SandboxPolicy& policy = command_.sandbox;
  policy.enabled = stage_.sandbox != SandboxMode::Off && traits_.sandbox != 0;
  policy.required = stage_.sandbox == SandboxMode::Require;
  policy.network = traits_.network != 0;
  policy.workspace = stage_.workspace;
  if (!policy.enabled) return;
  policy.writable.push_back(folder_path(scratch_));
  policy.readable.push_back(folder_path(path_folder_));
  if (stage_.secret_folder != nullptr)
    policy.readable.push_back(folder_path(stage_.secret_folder->path()));
  const bool in_venv = !venv_folder().empty();
  if (in_venv) list_sources();
  for (const InputId id : graph_.inputs(id_)) {
    // A project in development mode is imported from where it lies.
    if (is_missing(id) || (copies_.contains(id) && !in_venv)) continue;
    const Input& input = graph_.input(id);
    const std::string path = content_path(id);
    bool is_tree = input.kind == InputKind::SourceTree ||
                   (input.kind == InputKind::Output &&
                    graph_.output(OutputId{input.ref}).kind == OutputKind::Tree);
    if (input.kind == InputKind::OutputPart) {
      const Result<FileStat> stat = files_.lstat(path);
      is_tree = stat && stat->kind == FileKind::Folder;
    }
    policy.readable.push_back(is_tree ? folder_path(path) : path);
  }
}

/// An interpreter looks for modules by the names in the folder of a project in development mode.
void Staging::list_sources() {
  const Output& venv =
      graph_.output(OutputId{graph_.input(InputId{graph_.value(node_.within).a}).ref});
  const std::optional<ValueId> sources = find_field(graph_, graph_.node(venv.node).args, "sources");
  if (!sources) return;
  const std::string path(graph_.str(StrId{graph_.value(*sources).a}));
  command_.sandbox.listable.push_back(folder_path(join_path(stage_.workspace, path)));
}

/// Wraps the command: what it may see are mounts then, not rules.
Status Staging::go_within() {
  if (const Status& can = can_enter_images(); !can) return can;
  EnterRequest request;
  request.layers = join_path(stage_.state, "layers");
  request.scratch = join_path(scratch_, "image");
  request.folder = command_.folder;
  request.network = traits_.network != 0;
  const bool sees_all = !command_.sandbox.enabled;
  if (sees_all) {
    request.writable.push_back(stage_.workspace);
    request.network = true;
    if (stage_.secret_folder != nullptr)
      request.readable.push_back(folder_path(stage_.secret_folder->path()));
  } else {
    for (const std::string& path : command_.sandbox.readable) {
      if (path != folder_path(path_folder_)) request.readable.push_back(path);
    }
    request.writable = {scratch_};
  }
  for (const std::string& variable : command_.environment) {
    const std::string name = variable.substr(0, variable.find('='));
    const bool is_secret = std::find(secret_variables_.begin(), secret_variables_.end(), name) !=
                           secret_variables_.end();
    if (!is_secret && variable != "PATH=" + path_folder_) request.environment.push_back(variable);
  }
  request.kept = secret_variables_;
  const std::string layout = content_path(InputId{graph_.value(node_.within).a});
  if (Status done = set_image(files_, layout, request); !done) return done;
  request.argv = std::move(command_.argv);
  const Result<std::vector<std::string>>& bash = files_of_bash();
  if (!bash) return std::unexpected(bash.error());
  request.bash = *bash;
  if (Status done = files_.make_folders(request.scratch); !done) return done;
  const std::string path = join_path(scratch_, "enter.json");
  if (Status done = write_request(request, path); !done) return done;
  command_.sandbox.enabled = false;
  command_.program = "/proc/self/exe";
  command_.argv = {"devgraph", std::string(kEnterWord), path};
  // Programs of this machine that help to enter; the command gets those of the image.
  for (std::string& variable : command_.environment) {
    if (variable.starts_with("PATH=")) variable = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  }
  return {};
}

}  // namespace devgraph::exec
