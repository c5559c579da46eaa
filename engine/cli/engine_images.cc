#include "engine/cli/engine_images.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/actions/local_engine.h"
#include "engine/actions/oci/config.h"
#include "engine/base/text.h"
#include "engine/exec/asking.h"

namespace devgraph::cli {
namespace {

using actions::Placed;

constexpr std::string_view kNoName = "<none>";

std::uint64_t number_of(std::string_view digits) {
  return std::strtoull(std::string(digits).c_str(), nullptr, 10);
}

}  // namespace

std::string short_id(std::string_view id) {
  constexpr std::size_t kDigits = 12;
  return std::string(id.substr(0, kDigits));
}

std::string place_of(const Placed& engine) {
  return engine.at.empty() ? engine.program
                           : fmt::format("{} at {}", engine.program, printable(engine.at));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words = split(trim(line), ' ');
  std::erase(words, std::string_view());
  return words;
}

Result<std::string> EngineImagesReader::ask(const std::vector<std::string>& argv) const {
  return exec::with_asking_context(
      graph_, files_, workspace_, NodeId{0},
      [&](const actions::Context& context) { return actions::ask_engine(context, argv); });
}

Result<EngineImages> EngineImagesReader::list_of(const Placed& last) const {
  if (!actions::is_installed(files_, last.program)) return fail("it is not installed");
  const Result<Placed> here = exec::with_asking_context(
      graph_, files_, workspace_, NodeId{0},
      [&](const actions::Context& context) { return actions::engine_here(context, last.program); });
  if (!here) return std::unexpected(here.error());
  if (here->engine != last.engine) return fail("another one answers here");
  return list(last.program);
}

Result<EngineImages> EngineImagesReader::list(const std::string& program) const {
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

Result<std::vector<BuiltImage>> EngineImagesReader::built(const std::string& program,
                                                          const std::string& workspace_id) const {
  const Result<std::string> lines =
      ask({program, "image", "ls", "--all", "--quiet", "--no-trunc", "--filter",
           fmt::format("label={}={}", oci::kWorkspaceLabel, workspace_id)});
  if (!lines) return std::unexpected(lines.error());
  std::set<std::string> ids;
  for (const std::string_view line : split(*lines, '\n')) {
    if (!trim(line).empty()) ids.insert(actions::bare_id(line));
  }
  std::vector<BuiltImage> all;
  if (ids.empty()) return all;
  std::vector<std::string> argv = {program, "image", "inspect", "--format",
                                   "{{.Id}} {{.Size}} {{.Parent}}"};
  argv.insert(argv.end(), ids.begin(), ids.end());
  const Result<std::string> facts = ask(argv);
  if (!facts) return std::unexpected(facts.error());
  std::map<std::string, std::uint64_t> sizes;
  for (const std::string_view line : split(*facts, '\n')) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 2) continue;
    BuiltImage one{actions::bare_id(words[0]), {}, number_of(words[1])};
    if (words.size() > 2) one.parent = actions::bare_id(words[2]);
    sizes[one.id] = one.bytes;
    all.push_back(std::move(one));
  }
  // An engine counts what lies below, too.
  for (BuiltImage& one : all) {
    const auto below = sizes.find(one.parent);
    if (below != sizes.end()) one.bytes -= std::min(one.bytes, below->second);
  }
  return all;
}

}  // namespace devgraph::cli
