#include "engine/actions/local_engine.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/dockerfile/engine.h"
#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::actions {
namespace {

using nlohmann::json;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// docker has an id; podman, which may be called docker (podman-docker), is its store.
Result<std::string> name_of_itself(const Context& context, const std::string& program) {
  const Result<std::string> text = ask_engine(context, {program, "info", "--format", "{{json .}}"});
  if (!text) return text;
  // Warnings may stand around it.
  const std::size_t begin = std::min(text->find('{'), text->size());
  const std::size_t end = std::min(text->rfind('}'), text->size() - 1);
  const json facts = json::parse(text->substr(begin, end + 1 - begin), nullptr, false);
  for (const char* field : {"/ID", "/store/graphRoot"}) {
    const json::json_pointer place(field);
    if (!facts.is_object() || !facts.contains(place) || !facts[place].is_string()) continue;
    if (std::string name = facts[place].get<std::string>(); !name.empty()) return name;
  }
  // docker 20 tells so, and ends well.
  const json::json_pointer why("/ServerErrors/0");
  if (facts.is_object() && facts.contains(why) && facts[why].is_string()) {
    return fail(printable(facts[why].get<std::string>()));
  }
  return fail(fmt::format("{} info does not say which engine answers", program));
}

}  // namespace

bool is_installed(Files& files, const std::string& name) {
  std::string path = variable("PATH");
  if (path.empty()) path = "/usr/bin:/bin";
  for (const std::string_view folder : split(path, ':')) {
    if (!folder.starts_with('/')) continue;
    const Result<FileStat> stat = files.stat(join_path(folder, name));
    if (stat && stat->kind == FileKind::Regular && stat->executable) return true;
  }
  return false;
}

Result<std::string> find_engine(Files& files) {
  for (const char* name : {"docker", "podman"}) {
    if (is_installed(files, name)) return std::string(name);
  }
  return fail("neither docker nor podman is installed");
}

Result<std::string> ask_engine(const Context& context, std::vector<std::string> argv) {
  Program program;
  program.argv = std::move(argv);
  program.folder = context.scratch;
  program.environment = engine_environment();
  // Where podman keeps its images.
  for (const char* name : {"CONTAINERS_STORAGE_CONF", "XDG_DATA_HOME"}) {
    const std::string value = variable(name);
    if (!value.empty()) program.environment.push_back(fmt::format("{}={}", name, value));
  }
  return run_program(context, program);
}

Result<Placed> engine_here(const Context& context, const std::string& program) {
  Result<std::string> itself = name_of_itself(context, program);
  if (!itself) return std::unexpected(itself.error());
  Placed here;
  here.program = program;
  here.engine = *std::move(itself);
  for (const char* name : {"DOCKER_HOST", "DOCKER_CONTEXT"}) {
    if (program == "docker" && here.at.empty()) here.at = variable(name);
  }
  if (program == "podman") here.at = variable("CONTAINER_HOST");
  // A store has the same path on another machine.
  if (program == "podman" && !here.at.empty()) here.engine = here.at + " " + here.engine;
  return here;
}

std::string bare_id(std::string_view id) {
  id = trim(id);
  if (id.starts_with("sha256:")) id.remove_prefix(7);
  return std::string(id);
}

}  // namespace devgraph::actions
