#include "engine/cli/engine_garbage.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "engine/actions/dockerfile/kept.h"
#include "engine/actions/local_engine.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/asking.h"

namespace devgraph::cli {
namespace {

using actions::Placed;

std::string plural(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

EngineGarbage::EngineGarbage(Files& files, const std::string& workspace, const Graph& graph)
    : files_(files),
      workspace_(workspace),
      state_(join_path(workspace, kStateFolder)),
      workspace_id_(actions::workspace_id(files, workspace)),
      graph_(graph),
      reader_(files, workspace_, graph) {}

std::set<std::string> EngineGarbage::held_names() const {
  std::set<std::string> names;
  for (std::uint32_t i = 0; i < graph_.node_count(); ++i) {
    if (graph_.str(graph_.node(NodeId{i}).action) != "docker_load") continue;
    exec::with_asking_context(graph_, files_, workspace_, NodeId{i}, [&](const auto& context) {
      for (const std::string_view name : actions::strings_arg(context, "names"))
        names.emplace(name);
    });
  }
  return names;
}

/// Builds of other workspaces are theirs: this one was copied from there, with its record.
std::vector<EngineGarbage::Put> EngineGarbage::puts_of(const actions::EngineRecord& record) const {
  std::map<std::pair<std::string, std::string>, Put> engines;
  for (const Placed& one : record.placed()) {
    Put& put = engines[{one.program, one.engine}];
    if (!actions::is_build_name(one.name)) {
      put.loaded.push_back(one);
    } else if (actions::is_build_name(one.name, workspace_id_)) {
      put.built.push_back(one);
    }
  }
  std::vector<Put> puts;
  puts.reserve(engines.size());
  for (auto& [name, put] : engines)
    puts.push_back(std::move(put));
  return puts;
}

Result<std::vector<ImageWaste>> EngineGarbage::find(bool is_busy) {
  const Result<actions::EngineRecord> record = actions::EngineRecord::open(files_, state_);
  if (!record) return std::unexpected(record.error());
  if (record->damaged() > 0) {
    notes_.push_back(
        fmt::format("{} of .devgraph/engines cannot be read: what was put there is "
                    "left alone",
                    plural(record->damaged(), "line", "lines")));
  }
  held_ = held_names();
  held_builds_ = held_build_names(files_, workspace_, workspace_id_, graph_);
  for (Put& put : puts_of(*record)) {
    if (is_busy) put.built.clear();
    const std::vector<Placed> loose = loose_images(put.loaded, held_);
    if (loose.empty() && put.built.empty()) continue;
    if (has_waiting(graph_)) {
      // One of them may give the name.
      notes_.push_back(
          fmt::format("{}: images are left alone until a build knows all cells of "
                      "late axes",
                      place_of(loose.empty() ? put.built.back() : loose.back())));
      continue;
    }
    look_at(put);
  }
  return found_;
}

void EngineGarbage::look_at(const Put& put) {
  const std::vector<Placed> loose = loose_images(put.loaded, held_);
  std::set<std::vector<std::string>> images;
  for (const Placed& one : loose)
    images.insert(one.ids);
  const Placed& last = loose.empty() ? put.built.back() : loose.back();
  const auto leave = [&](const std::string& why) {
    const std::string what = loose.empty() ? "what builds of Dockerfiles left there is"
                                           : plural(images.size(), "image is", "images are");
    notes_.push_back(fmt::format("{}: {} left alone: {}", place_of(last), what, why));
  };
  const Result<EngineImages> now = reader_.list_of(last);
  if (!now) return leave(now.error().message);
  Engine engine{last.program, put.loaded, {}, {}};
  if (const Status done = look_at(engine, put, *now); !done) return leave(done.error().message);
  engines_.push_back(std::move(engine));
}

Status EngineGarbage::look_at(Engine& engine, const Put& put, const EngineImages& now) {
  std::vector<ImageWaste> built;
  if (!put.built.empty()) {
    engine.builds.emplace(reader_, workspace_id_, put.built, held_builds_);
    if (Status done = engine.builds->look(now); !done) return done;
    built = engine.builds->found();
  }
  if (Status done = measure(engine, now); !done) return done;
  found_.insert(found_.end(), built.begin(), built.end());
  return {};
}

std::vector<std::string> EngineGarbage::notes() const {
  std::vector<std::string> all = notes_;
  for (const Engine& engine : engines_) {
    if (engine.builds)
      all.insert(all.end(), engine.builds->notes().begin(), engine.builds->notes().end());
  }
  return all;
}

/// Plans, then asks for the sizes of what may go.
Status EngineGarbage::measure(Engine& engine, const EngineImages& now) {
  engine.plan = plan_images(engine.placed, now, held_);
  for (const LeftImage& one : engine.plan.left) {
    const bool in_use = one.why == LeftImage::Why::InUse;
    notes_.push_back(
        fmt::format("{}: {} ({}) is left alone: {}", place_of(one.placed),
                    printable(one.placed.name), short_id(one.id),
                    in_use ? "a container uses it" : "somebody gave this name to another image"));
  }
  if (engine.plan.spare.empty()) return {};
  std::set<std::string> ids;
  for (const SpareImage& one : engine.plan.spare)
    ids.insert(one.id);
  std::vector<std::string> argv = {engine.program, "image", "inspect", "--format",
                                   "{{.Id}} {{.Size}}"};
  argv.insert(argv.end(), ids.begin(), ids.end());
  const Result<std::string> lines = reader_.ask(argv);
  if (!lines) return std::unexpected(lines.error());
  std::map<std::string, std::uint64_t> sizes;
  for (const std::string_view line : split(*lines, '\n')) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() != 2) continue;
    sizes[actions::bare_id(words[0])] = std::strtoull(std::string(words[1]).c_str(), nullptr, 10);
  }
  std::map<std::string, std::size_t> names;  // That an image has beside those that go before.
  for (const EngineImages::Row& row : now.rows)
    names[row.id] += row.name.empty() ? 0 : 1;
  for (const SpareImage& one : engine.plan.spare) {
    std::size_t& left = names[one.id];
    if (left > 0) --left;
    found_.push_back({one.placed.label, engine.program, one.placed.name, one.id,
                      one.name.empty() ? "earlier image" : "image under a name that no node gives",
                      left == 0 ? sizes[one.id] : 0});
  }
  return {};
}

/// The last look before it goes.
bool EngineGarbage::is_still(const Engine& engine, const SpareImage& one) const {
  const Result<std::string> said =
      reader_.ask({engine.program, "image", "inspect", "--format", "{{.Id}} {{len .RepoTags}}",
                   one.name.empty() ? one.id : one.name});
  if (!said) return false;
  const std::vector<std::string_view> words = words_of(*said);
  if (words.size() != 2 || actions::bare_id(words[0]) != one.id) return false;
  return !one.name.empty() || words[1] == "0";
}

void EngineGarbage::drop_one(const Engine& engine, const SpareImage& one) {
  if (!is_still(engine, one)) return;
  // Its own names only, and nothing by force.
  const Result<std::string> said = reader_.ask(
      {engine.program, "image", "rm", "--no-prune", one.name.empty() ? one.id : one.name});
  if (said || is_absence(said.error().message)) return;
  notes_.push_back(fmt::format("{}: {} ({}) is left alone: {}", place_of(one.placed),
                               printable(one.placed.name), short_id(one.id), said.error().message));
}

Status EngineGarbage::drop() {
  for (Engine& engine : engines_) {
    for (const SpareImage& one : engine.plan.spare)
      drop_one(engine, one);
    if (engine.builds) engine.builds->drop();
    const Result<EngineImages> now = reader_.list(engine.program);
    if (!now) continue;  // It was ended meanwhile; the next `gc` asks again.
    Result<actions::EngineRecord> record = actions::EngineRecord::open(files_, state_);
    if (!record) return std::unexpected(record.error());
    std::vector<Placed> settled = settled_images(engine.placed, *now, held_);
    if (engine.builds) {
      const std::vector<Placed> built = engine.builds->settled(*now);
      settled.insert(settled.end(), built.begin(), built.end());
    }
    if (Status done = record->drop(settled); !done) return done;
  }
  return {};
}

}  // namespace devgraph::cli
