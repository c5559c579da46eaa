#include "engine/cli/build_garbage.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/actions/dockerfile/kept.h"
#include "engine/actions/local_engine.h"
#include "engine/base/text.h"
#include "engine/exec/asking.h"

namespace devgraph::cli {

using actions::Placed;

std::set<std::string> held_build_names(Files& files, const std::string& workspace,
                                       const std::string& workspace_id, const Graph& graph) {
  std::set<std::string> names;
  for (std::uint32_t i = 0; i < graph.node_count(); ++i) {
    if (graph.str(graph.node(NodeId{i}).action) != "dockerfile") continue;
    exec::with_asking_context(graph, files, workspace, NodeId{i}, [&](const auto& context) {
      if (actions::string_arg(context, "engine") != "docker") return;
      const std::string label = devgraph::label_of(graph, NodeId{i});
      names.insert(actions::built_name(workspace_id, label));
      for (const std::string_view image : actions::strings_arg(context, "names"))
        names.insert(actions::base_name(workspace_id, label, image));
    });
  }
  return names;
}

bool is_absence(const std::string& said) {
  return said.find("o such image") != std::string::npos ||
         said.find("image not known") != std::string::npos;
}

Status BuildGarbage::look(const EngineImages& now) {
  const Result<std::vector<BuiltImage>> built = reader_.built(engine().program, workspace_id_);
  if (!built) return std::unexpected(built.error());
  plan_ = plan_builds(*built, now, workspace_id_, held_);
  for (const EngineImages::Row& one : plan_.used)
    leave(one, "a container uses it");
  return {};
}

void BuildGarbage::leave(const EngineImages::Row& one, const std::string& why) {
  const std::string shown = one.name.empty()
                                ? short_id(one.id)
                                : fmt::format("{} ({})", printable(one.name), short_id(one.id));
  notes_.push_back(fmt::format("{}: {} is left alone: {}", place_of(engine()), shown, why));
}

std::string BuildGarbage::label_of(const std::string& name) const {
  for (const Placed& one : placed_) {
    if (one.name == actions::without_stage(plain_name(name))) return one.label;
  }
  return place_of(engine());  // The record was deleted.
}

std::vector<ImageWaste> BuildGarbage::found() const {
  std::map<std::string, std::uint64_t> sizes;
  for (const BuiltImage& one : plan_.images)
    sizes[one.id] = one.bytes;
  std::vector<ImageWaste> all;
  std::set<std::string> told;
  for (const EngineImages::Row& one : plan_.names) {
    const std::uint64_t bytes = told.insert(one.id).second ? sizes[one.id] : 0;
    all.push_back({label_of(one.name), engine().program, plain_name(one.name), one.id,
                   "image under a name that no node gives", bytes});
  }
  for (const BuiltImage& one : plan_.images) {
    if (told.contains(one.id)) continue;
    all.push_back({place_of(engine()),
                   engine().program,
                   {},
                   one.id,
                   "left by a build of a Dockerfile",
                   one.bytes});
  }
  return all;
}

/// The last look before a name goes.
bool BuildGarbage::is_still(const EngineImages::Row& one) const {
  const Result<std::string> id =
      reader_.ask({engine().program, "image", "inspect", "--format", "{{.Id}}", one.name});
  return id && actions::bare_id(*id) == one.id;
}

void BuildGarbage::drop() {
  for (const EngineImages::Row& one : plan_.names) {
    if (!is_still(one)) continue;
    const Result<std::string> said =
        reader_.ask({engine().program, "image", "rm", "--no-prune", one.name});
    if (!said && !is_absence(said.error().message)) leave(one, said.error().message);
  }
  drop_images();
}

/// Of the images that may go those that are there, and that nobody gave a name meanwhile.
std::vector<std::string> BuildGarbage::remaining() const {
  const Result<EngineImages> now = reader_.list(engine().program);
  if (!now) return {};
  std::map<std::string, bool> has_name;
  for (const EngineImages::Row& row : now->rows)
    has_name[row.id] = has_name[row.id] || !row.name.empty();
  std::vector<std::string> ids;
  for (const BuiltImage& one : plan_.images) {
    const auto found = has_name.find(one.id);
    if (found != has_name.end() && !found->second) ids.push_back(one.id);
  }
  return ids;
}

/// All in one call; what that left once more, to hear why.
void BuildGarbage::drop_images() {
  const std::vector<std::string> ids = remaining();
  if (ids.empty()) return;
  std::vector<std::string> argv = {engine().program, "image", "rm", "--no-prune"};
  argv.insert(argv.end(), ids.begin(), ids.end());
  if (reader_.ask(argv)) return;
  for (const std::string& id : remaining()) {
    const Result<std::string> said =
        reader_.ask({engine().program, "image", "rm", "--no-prune", id});
    if (!said && !is_absence(said.error().message)) leave({id, {}}, said.error().message);
  }
}

std::vector<Placed> BuildGarbage::settled(const EngineImages& now) const {
  std::set<std::string> there;
  for (const EngineImages::Row& row : now.rows)
    there.insert(plain_name(row.name));
  std::vector<Placed> settled;
  for (const Placed& one : placed_) {
    if (!held_.contains(one.name) && !there.contains(one.name)) settled.push_back(one);
  }
  if (settled.size() < placed_.size()) return settled;
  // The last ones: while anything of the workspace is there, they tell where.
  const Result<std::vector<BuiltImage>> built = reader_.built(engine().program, workspace_id_);
  return built && built->empty() ? settled : std::vector<Placed>();
}

}  // namespace devgraph::cli
