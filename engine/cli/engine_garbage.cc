#include "engine/cli/engine_garbage.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/actions/local_engine.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/load_graph.h"
#include "engine/exec/asking.h"

namespace devgraph::cli {
namespace {

using actions::Placed;

constexpr std::string_view kNoName = "<none>";

std::string plural(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string place_of(const Placed& one) {
  return one.at.empty() ? one.program : fmt::format("{} at {}", one.program, printable(one.at));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words = split(trim(line), ' ');
  std::erase(words, std::string_view());
  return words;
}

/// It is not there: that is as good.
bool is_absence(const std::string& said) {
  return said.find("o such image") != std::string::npos ||
         said.find("image not known") != std::string::npos;
}

}  // namespace

std::string short_id(std::string_view id) {
  constexpr std::size_t kDigits = 12;
  return std::string(id.substr(0, kDigits));
}

EngineGarbage::EngineGarbage(Files& files, const std::string& workspace, const Graph& graph)
    : files_(files),
      workspace_(workspace),
      state_(join_path(workspace, kStateFolder)),
      graph_(graph) {}

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

Result<std::string> EngineGarbage::ask(const std::vector<std::string>& argv) const {
  return exec::with_asking_context(
      graph_, files_, workspace_, NodeId{0},
      [&](const actions::Context& context) { return actions::ask_engine(context, argv); });
}

Result<std::vector<ImageWaste>> EngineGarbage::find() {
  const Result<actions::EngineRecord> record = actions::EngineRecord::open(files_, state_);
  if (!record) return std::unexpected(record.error());
  if (record->damaged() > 0) {
    notes_.push_back(
        fmt::format("{} of .devgraph/engines cannot be read: what was put there is "
                    "left alone",
                    plural(record->damaged(), "line", "lines")));
  }
  held_ = held_names();
  std::map<std::pair<std::string, std::string>, std::vector<Placed>> engines;
  for (const Placed& one : record->placed())
    engines[{one.program, one.engine}].push_back(one);
  for (const auto& [name, placed] : engines) {
    const std::vector<Placed> loose = loose_images(placed, held_);
    if (loose.empty()) continue;
    if (has_waiting(graph_)) {
      // One of them may give the name.
      notes_.push_back(
          fmt::format("{}: images are left alone until a build knows all cells of "
                      "late axes",
                      place_of(loose.back())));
      continue;
    }
    look_at(placed);
  }
  return found_;
}

void EngineGarbage::look_at(const std::vector<Placed>& placed) {
  const std::vector<Placed> loose = loose_images(placed, held_);
  std::set<std::vector<std::string>> images;
  for (const Placed& one : loose)
    images.insert(one.ids);
  const Placed& last = loose.back();
  const auto leave = [&](const std::string& why) {
    notes_.push_back(fmt::format("{}: {} left alone: {}", place_of(last),
                                 plural(images.size(), "image is", "images are"), why));
  };
  if (!actions::is_installed(files_, last.program)) return leave("it is not installed");
  const Result<Placed> here = exec::with_asking_context(
      graph_, files_, workspace_, NodeId{0},
      [&](const actions::Context& context) { return actions::engine_here(context, last.program); });
  if (!here) return leave(here.error().message);
  if (here->engine != last.engine) return leave("another one answers here");
  const Result<EngineImages> now = list(last.program);
  if (!now) return leave(now.error().message);
  Engine engine{last.program, placed, {}};
  if (const Status done = measure(engine, *now); !done) return leave(done.error().message);
  engines_.push_back(std::move(engine));
}

Result<EngineImages> EngineGarbage::list(const std::string& program) const {
  const Result<std::string> lines = ask({program, "image", "ls", "--all", "--no-trunc", "--format",
                                         "{{.Repository}} {{.Tag}} {{.ID}}"});
  if (!lines) return std::unexpected(lines.error());
  EngineImages now;
  for (const std::string_view line : split(*lines, '\n')) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() != 3 || !words[2].starts_with("sha256:")) continue;
    EngineImages::Row row{actions::bare_id(words[2]), {}};
    // Known by its digest only, it has a repository and no tag: somebody gave it that.
    if (words[0] != kNoName) row.name = fmt::format("{}:{}", words[0], words[1]);
    now.rows.push_back(std::move(row));
  }
  const Result<std::string> containers = ask({program, "ps", "--all", "--quiet", "--no-trunc"});
  if (!containers) return std::unexpected(containers.error());
  std::vector<std::string> argv = {program, "container", "inspect", "--format", "{{.Image}}"};
  const std::size_t none = argv.size();
  for (const std::string_view line : split(*containers, '\n')) {
    if (!trim(line).empty()) argv.emplace_back(trim(line));
  }
  if (argv.size() == none) return now;
  // Of a container that ends meanwhile nothing is said: the engine itself refuses what is in use.
  const Result<std::string> used = ask(argv);
  for (const std::string_view line : used ? split(*used, '\n') : std::vector<std::string_view>())
    now.used.insert(actions::bare_id(line));
  return now;
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
  const Result<std::string> lines = ask(argv);
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
    found_.push_back({one.placed.label, engine.program, one.placed.name, one.id, one.name.empty(),
                      left == 0 ? sizes[one.id] : 0});
  }
  return {};
}

/// The last look before it goes.
bool EngineGarbage::is_still(const Engine& engine, const SpareImage& one) const {
  const Result<std::string> said =
      ask({engine.program, "image", "inspect", "--format", "{{.Id}} {{len .RepoTags}}",
           one.name.empty() ? one.id : one.name});
  if (!said) return false;
  const std::vector<std::string_view> words = words_of(*said);
  if (words.size() != 2 || actions::bare_id(words[0]) != one.id) return false;
  return !one.name.empty() || words[1] == "0";
}

void EngineGarbage::drop_one(const Engine& engine, const SpareImage& one) {
  if (!is_still(engine, one)) return;
  // Its own names only, and nothing by force.
  const Result<std::string> said =
      ask({engine.program, "image", "rm", "--no-prune", one.name.empty() ? one.id : one.name});
  if (said || is_absence(said.error().message)) return;
  notes_.push_back(fmt::format("{}: {} ({}) is left alone: {}", place_of(one.placed),
                               printable(one.placed.name), short_id(one.id), said.error().message));
}

Status EngineGarbage::drop() {
  for (const Engine& engine : engines_) {
    for (const SpareImage& one : engine.plan.spare)
      drop_one(engine, one);
    const Result<EngineImages> now = list(engine.program);
    if (!now) continue;  // It was ended meanwhile; the next `gc` asks again.
    Result<actions::EngineRecord> record = actions::EngineRecord::open(files_, state_);
    if (!record) return std::unexpected(record.error());
    const Status done = record->drop(settled_images(engine.placed, *now, held_));
    if (!done) return done;
  }
  return {};
}

}  // namespace devgraph::cli
